import HTTPCore
import JSON
import KVMModel
import Testing

@testable import RolecallAPI

@Suite struct ScriptTests {
  let client = TestClient()

  private func session(at path: String) throws -> Session {
    let id = try #require(SessionID(path.dropFirst("/v1/sessions/".count)))
    return try #require(client.service.sessions.session(id))
  }

  @Test func anExportMakesAnEqualSession() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      var random = RandomOperations(seed: seed)
      let machine = random.machine()
      let time = Timestamp(seconds: 0)
      let boot = random.pick([Boot.longMode, .reset, .pae])
      let first = Session(
        name: "s\(seed)", boot: boot, machine: VirtualMachine(machine: machine, boot: boot), at: time)
      let text = try first.withState { state throws(OperationError) in
        for _ in 0..<150 {
          if random.flag(10), state.history.undoable > 0 {
            _ = try state.undo(1, at: time)
          } else {
            var operation = random.operation(vcpus: machine.vcpus)
            if machine.vendor == .amd, case .vcpu(let vcpu, .nestedEnter(var entry), let enter) = operation {
              entry.vpid = 0
              entry.host = RegisterValues()
              operation = .vcpu(vcpu, .nestedEnter(entry), enterGuest: enter)
            }
            _ = try? state.apply(operation, detail: .lookups, at: time)
          }
        }
        return first.script(state)
      }
      let answer = try client.post("/v1/sessions", String(decoding: text, as: UTF8.self))
      #expect(answer.status == 201, "seed \(seed): \(answer.text.prefix(300))")
      let path = try #require(answer.field("Location"))
      let second = try session(at: path)
      let wanted = first.withState { Moment(machine: $0.machine, statistics: $0.statistics) }
      let found = second.withState { Moment(machine: $0.machine, statistics: $0.statistics) }
      #expect(found == wanted, "seed \(seed)")
      #expect(second.name == first.name && second.boot == boot)
      #expect(try client.get(path + "/export").response.body == text)
    }
  }

  @Test func anExportHasALineForEachOperation() throws {
    let path = try client.session(#"{"name": "a \"lab\"", "operations": [{"op": "zap-all"}]}"#)
    _ = try client.post(path + "/vcpus/0/set-pkru", #"{"value": 1}"#)
    _ = try client.post(path + "/undo")
    _ = try client.post(path + "/vcpus/0/set-cr", #"{"register": "cr3", "value": "18446744073709551615"}"#)
    let answer = try client.get(path + "/export")
    #expect(answer.field("Content-Type") == "application/json" && answer.field("ETag") == "\"5\"")
    #expect(answer.json.keys == ["format", "name", "boot", "machine", "operations"])
    #expect(
      answer.text.hasPrefix(
        "{\"format\":\"rolecall-script/1\",\n\"name\":\"a \\\"lab\\\"\",\n\"boot\":\"long-mode\",\n\"machine\":{\"kernel\""
      ))
    #expect(
      answer.text.hasSuffix(
        """
        ,
        "operations":[
        {"op":"zap-all"},
        {"op":"set-cr","vcpu":0,"register":"cr3","value":"0xffffffffffffffff"}
        ]}

        """), "\(answer.text)")
    #expect(try client.get(path + "/export", fields: [("If-None-Match", "\"5\"")]).status == 304)
    #expect(try client.get(try client.session() + "/export").json["operations"].elements.isEmpty)
  }

  @Test func oneBadOperationRefusesTheWhole() throws {
    let count = client.service.sessions.count
    for (script, status, pointers) in [
      (#"{"format": "rolecall-script/2"}"#, 400, ["/format"]),
      (
        #"{"format": 1, "operations": [{"op": "zap-all"}, {"op": "zap"}]}"#, 400,
        ["/format", "/operations/1/op"]
      ),
      (#"{"operations": [{"op": "zap-all"}, {"op": "invlpga", "gva": 0}]}"#, 409, ["/operations/1"]),
      (
        #"{"operations": [{"op": "zap-all"}, {"op": "set-cr", "vcpu": 1, "register": "cr3", "value": 0}]}"#,
        422,
        ["/operations/1/vcpu"]
      ),
      (
        #"{"operations": [{"op": "write-memory", "gpa": 0, "words": [1]}, {"op": "write-memory", "at": [["0xfffffffffffff000", 1]]}]}"#,
        422, ["/operations/1/at/0"]
      ),
    ] {
      let answer = try client.post("/v1/sessions", script)
      #expect(answer.status == UInt16(status) && answer.pointers == pointers, "\(answer.text)")
      #expect(throws: ScriptReplay.Failure.self) { try ScriptReplay(Array(script.utf8)) }
    }
    #expect(client.service.sessions.count == count)
    let made = try client.post("/v1/sessions", #"{"format": "rolecall-script/1"}"#)
    #expect(made.status == 201)
  }

  @Test func aReplayIsTheSession() throws {
    let script = """
      {"preset": "intel-shadow", "name": "replayed", "operations": [
        {"op": "set-cr", "register": "cr4", "set": ["SMEP"]}, {"op": "set-cr", "register": "cr0", "clear": ["PE"]}]}
      """
    let replay = try ScriptReplay(Array(script.utf8))
    let document = try JSONValue(parsing: replay.json)
    let session = try client.post("/v1/sessions", script).json
    for key in ["name", "revision", "names", "boot", "machine", "vcpus", "stats"] {
      #expect(document[key] == session[key], "\(key)")
    }
    #expect(document["results"].elements.map { $0["outcome"]["status"].string } == ["ok", "exception"])
    #expect(document["results"][1]["revision"].integer == 3)
    let lines = replay.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "2      set-cr vcpu=0 register=cr4 set=[SMEP] clear=[]: ok")
    #expect(lines[1].hasPrefix("3      set-cr vcpu=0 register=cr0 set=[] clear=[PE]: exception #GP(0x0): "))
    #expect(lines[2].isEmpty && lines[3].hasPrefix("machine  intel, shadow paging"))
    #expect(try ScriptReplay(Array("{}".utf8)).text.hasPrefix("machine  intel, EPT"))
    let failure = #expect(throws: ScriptReplay.Failure.self) {
      try ScriptReplay(Array(#"{"operations": [{"op": "zap-all"}, {"op": "nested-exit"}], "x": 1}"#.utf8))
    }
    #expect(failure?.description.hasPrefix("/x: unknown key") == true)
    let syntax = #expect(throws: ScriptReplay.Failure.self) { try ScriptReplay(Array("{\"a\": tru}".utf8)) }
    #expect(syntax?.description.hasPrefix("/a: ") == true, "\(syntax?.description ?? "")")
  }
}
