import KVMModel
import Testing

@testable import RolecallAPI

/// A session's log beside a model of it that replays everything from the beginning.
@Suite struct SessionLogTests {
  /// What a session should be: the operations in force and those undone, at each revision.
  private struct Model {
    var operations: [KVMModel.Operation] = []
    var undone: [KVMModel.Operation] = []

    func moment(_ machine: Machine) throws -> Moment {
      var moment = Moment(machine: VirtualMachine(machine: machine), statistics: Statistics())
      moment.statistics.countPages(of: moment.machine)
      for operation in operations {
        moment.statistics.count(try moment.machine.apply(operation, detail: .lookups))
      }
      return moment
    }

    mutating func undo(_ steps: Int) {
      for _ in 0..<steps { undone.append(operations.removeLast()) }
    }

    mutating func redo(_ steps: Int) {
      for _ in 0..<steps { operations.append(undone.removeLast()) }
    }

    mutating func apply(_ operation: KVMModel.Operation) {
      operations.append(operation)
      undone = []
    }
  }

  @Test func everyRevisionIsTheReplayOfItsOperations() throws {
    for seed in 1...12 as ClosedRange<UInt64> {
      var random = RandomOperations(seed: seed)
      let machine = random.machine()
      var session = session(of: machine)
      var models = [Model()]
      for step in 1...400 {
        var model = try #require(models.last)
        try session.withState { state throws(OperationError) in
          switch Int.random(in: 0..<20, using: &random.generator) {
          case 0...2 where !model.operations.isEmpty:
            let steps = random.pick([1, 1, 2, model.operations.count, min(70, model.operations.count)])
              .clamped(to: model.operations.count)
            let undone = try state.undo(steps, at: time)
            #expect(undone.count == steps)
            model.undo(steps)
          case 3...6 where !model.undone.isEmpty:
            let steps = random.pick([1, 2, model.undone.count]).clamped(to: model.undone.count)
            let redone = try state.redo(steps, at: time)
            #expect(redone.count == steps)
            model.redo(steps)
          default:
            let operation = random.operation(vcpus: machine.vcpus)
            guard (try? state.apply(operation, detail: random.pick([.all, .lookups]), at: time)) != nil else {
              return
            }
            model.apply(operation)
          }
          models.append(model)
          #expect(state.revision == models.count)
        }
        if step % 40 == 0 {
          try compare(session, with: models, random.pick(Array(1...models.count)), machine, "seed \(seed)")
          try compare(session, with: models, models.count, machine, "seed \(seed)")
        }
        // A session that goes on from an earlier revision has the history up to there.
        if step == 200 {
          let revision = random.pick(Array(1...models.count))
          session = try session.withState { state throws(OperationError) in
            Session(
              name: nil, boot: .longMode, try state.past(revision), at: time, counts: ServiceCounts())
          }
          models.removeLast(models.count - revision)
        }
      }
    }
  }

  private func compare(
    _ session: Session, with models: [Model], _ revision: Int, _ machine: Machine, _ place: Comment
  ) throws {
    let model = models[revision - 1]
    let wanted = try model.moment(machine)
    let past = try session.withState { state throws(OperationError) in try state.past(revision) }
    #expect(past.machine == wanted.machine && past.statistics == wanted.statistics, place)
    #expect(past.revision == revision && past.history.undoable == model.operations.count, place)
    #expect(past.history.redoable == model.undone.count, place)
    let operations = past.history.path(to: past.history.state).compactMap(past.history.operation)
    #expect(operations == model.operations, place)
  }

  @Test func snapshotsAreFewAndEvenlySpaced() throws {
    let session = session(of: Machine())
    try session.withState { state throws(OperationError) in
      for index in 1...10_000 {
        _ = try state.apply(.vcpu(0, .setPKRU(UInt32(index))), detail: [], at: time)
      }
      let revisions = state.log.snapshotRevisions + [state.revision]
      #expect(revisions.count <= SessionLog.limit + 1 && revisions.first == 1)
      #expect(zip(revisions, revisions.dropFirst()).allSatisfy { $1 - $0 <= 1024 }, "\(revisions)")
      let undone = try state.undo(9_999, at: time)
      let redone = try state.redo(5_000, at: time)
      #expect(undone.last == 3 && redone.last == 5_002)
      #expect(state.statistics.operations == 5_001)
      // Branches take no more snapshots than there may be.
      for index in 1...1_000 {
        _ = try state.undo(100, at: time)
        for _ in 1...100 { _ = try state.apply(.vcpu(0, .setPKRU(UInt32(index))), detail: [], at: time) }
      }
      #expect(state.log.snapshotRevisions.count <= SessionLog.limit)
      #expect(state.history.undoable == 5_001)
    }
  }

  @Test func theBytesAreCounted() throws {
    let session = session(of: Machine())
    try session.withState { state throws(OperationError) in
      #expect(state.history.bytes == 0)
      let word = MemoryWord(address: GuestPhysicalAddress(rawValue: 0x1000), value: 1)
      _ = try state.apply(
        .machine(.writeMemory(Array(repeating: word, count: 100))), detail: [], at: time)
      let written = state.history.bytes
      #expect(written == History.entryBytes + 1600)
      _ = try state.undo(1, at: time)
      #expect(state.history.bytes == written + History.entryBytes)
      #expect(state.history.prefix(upTo: 2).bytes == written)
      #expect(state.history.prefix(upTo: 1).bytes == 0)
    }
  }

  private let time = Timestamp(seconds: 0)

  private func session(of machine: Machine) -> Session {
    Session(name: nil, boot: .longMode, machine: VirtualMachine(machine: machine), at: time)
  }
}

extension Int {
  fileprivate func clamped(to most: Int) -> Int { Swift.min(self, most) }
}
