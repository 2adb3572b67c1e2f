/// A unit of writes that was committed or has failed.
public struct Finished: Sendable {
  /// Nothing, or why nothing of it was written.
  public let result: Result<Void, StoreError>
  let completion: SessionStore.Completion

  /// Tells the one who submitted it.
  public func callAsFunction() { completion(result) }
}

/// What the writer has done since the store was opened.
public struct WriterCounts: Sendable, Hashable {
  /// Units that are committed.
  public var units = 0
  /// Units that were refused for what they were, a revision conflict for instance.
  public var refusedUnits = 0
  /// Transactions that are committed.
  public var commits = 0
  /// Transactions that failed.
  public var failedCommits = 0
}

/// Where tests let a store fail.
package struct StoreFaults: Sendable {
  /// Called with the number of units before each commit; what it throws is the commit's failure.
  package var commit: @Sendable (Int) throws -> Void
  /// Called before each read.
  package var read: @Sendable () throws -> Void

  package init(
    commit: @escaping @Sendable (Int) throws -> Void = { _ in },
    read: @escaping @Sendable () throws -> Void = {}
  ) {
    self.commit = commit
    self.read = read
  }
}
