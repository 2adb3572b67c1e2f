/// The labs that are on offer.
public struct LabLibrary: Sendable {
  private let builtIn: @Sendable () -> [LabFile]
  private let added: [LabFile]

  /// The labs `added` beside those that come with the program, in whose place they come where both have the same id.
  ///
  /// - Parameter builtIn: gives the same labs each time; it is not asked before they are needed.
  public init(_ added: [LabFile] = [], builtIn: @escaping @Sendable () -> [LabFile] = { [] }) {
    self.builtIn = builtIn
    self.added = added
  }

  /// The labs in the order of their ids.
  public var labs: [LabFile] {
    let ids = Set(added.map(\.id))
    return (builtIn().filter { !ids.contains($0.id) } + added).sorted { $0.id < $1.id }
  }

  /// The lab of an id, if there is one.
  public subscript(id: String) -> LabFile? {
    added.first { $0.id == id } ?? builtIn().first { $0.id == id }
  }
}
