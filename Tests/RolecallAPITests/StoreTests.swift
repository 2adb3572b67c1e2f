import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct StoreTests {
  @Test func sessionIDsAreTextAndBack() {
    var seen: Set<SessionID> = []
    for _ in 0..<1000 {
      let id = SessionID()
      #expect(id.text.utf8.count == 22)
      #expect(SessionID(ArraySlice(id.text.utf8)) == id)
      seen.insert(id)
    }
    #expect(seen.count == 1000)
    #expect(SessionID(ArraySlice("AAAAAAAAAAAAAAAAAAAAAA".utf8))?.text == "AAAAAAAAAAAAAAAAAAAAAA")
    for text in ["", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA"] {
      #expect(SessionID(ArraySlice(text.utf8)) == nil)
    }
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
    (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
    (1_795_375_903, "2026-11-22T19:31:43Z"),
  ])
  func timesAreWrittenAsRFC3339(seconds: Int, text: String) {
    #expect(Timestamp(seconds: seconds).text == text)
  }

  @Test func asManySessionsAreKeptAsMayBe() throws {
    let store = Sessions(capacity: 100)
    let time = Timestamp(seconds: 0)
    let sessions = (0..<101).map { _ in
      Session(name: nil, boot: .reset, machine: VirtualMachine(machine: Machine(), boot: .reset), at: time)
    }
    #expect(sessions.map { store.insert($0) } == Array(repeating: true, count: 100) + [false])
    #expect(try store.session(sessions[99].id, at: time) === sessions[99])
    #expect(try store.session(sessions[100].id, at: time) == nil)
    store.remove(sessions[5])
    store.remove(sessions[5])
    #expect(store.count == 99)
  }

  @Test func statisticsCountLookupsAndPages() throws {
    var machine = Machine()
    machine.tdp = false
    let session = Session(
      name: nil, boot: .longMode, machine: VirtualMachine(machine: machine), at: Timestamp(seconds: 0))
    let statistics = try session.withState { state throws(OperationError) in
      for cr3: UInt64 in [0x2000, 0x1000, 0x3000, 0x4000, 0x5000] {
        _ = try state.apply(
          .vcpu(0, .setCR(.cr3, .value(cr3))), detail: .lookups, at: Timestamp(seconds: 1))
      }
      return state.statistics
    }
    #expect(statistics.operations == 5)
    #expect(statistics.hits == 1)
    #expect(statistics.misses == [.pgdDiffers: 4])
    #expect(statistics.shadowPagesCreated == 5)
    #expect(statistics.rootsFreed == 1)
  }
}
