import Glibc
import HTTPCore
import RolecallAPI

// What undo, forks and exports cost in a session of 10,000 operations: CPU time of whole requests without sockets, their
// answers included, and bytes of memory.

func cpuMicroseconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
  return Double(now.tv_sec) * 1e6 + Double(now.tv_nsec) / 1e3
}

/// Bytes of this process that are in memory.
func residentBytes() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { unsafe fclose(file) }
  var (total, resident) = (0, 0)
  _ = unsafe withUnsafeMutablePointer(to: &total) { total in
    unsafe withUnsafeMutablePointer(to: &resident) { resident in
      unsafe withVaList([total, resident]) { unsafe vfscanf(file, "%ld %ld", $0) }
    }
  }
  return resident * sysconf(Int32(_SC_PAGESIZE))
}

struct Refused: Error { let answer: String }

let service = RolecallService { 0 }

/// Takes in what comes later, which without a store nothing does.
final class Nobody: AnswerReceiver {
  func receive(_ part: AnswerPart, client: UInt64, request: UInt32) {}
}
let nobody = Later(Nobody(), client: 0, request: 0)

@discardableResult
func send(_ method: Method, _ path: String, _ body: String = "") throws -> Response {
  let fields = body.isEmpty ? [] : [(name: "Content-Type", value: "application/json")]
  let request = try Request(method, path, fields: fields, body: Array(body.utf8))
  guard case .now(let response) = service.respond(to: request, later: nobody) else {
    throw Refused(answer: "the answer does not come at once")
  }
  guard response.status.rawValue < 300 else {
    throw Refused(answer: String(decoding: response.body, as: UTF8.self))
  }
  return response
}

/// Prints the median and the worst time of some requests.
func measure(_ name: String, _ count: Int, _ request: (Int) throws -> Void) rethrows {
  let times = try (0..<count).map { index in
    let start = cpuMicroseconds()
    try request(index)
    return cpuMicroseconds() - start
  }.sorted()
  print("  \(name): median \(Int(times[count / 2])) us, worst \(Int(times[count - 1])) us")
}

func setPKRU(_ index: Int) -> String { #"{"op": "set-pkru", "value": \#(index)}"# }
func switchCR3(_ index: Int) -> String {
  #"{"op": "set-cr", "register": "cr3", "value": \#((index % 9 + 1) << 12)}"#
}
func mapAndWrite(_ index: Int) -> String {
  let address = (index / 2 % 512) << 12
  return index % 2 == 0
    ? #"{"op": "map", "format": "4-level", "root": "0x1000", "address": \#(address), "target": "0x5000"}"#
    : #"{"op": "access", "address": \#(address), "access": "write"}"#
}

for (name, preset, operation) in [
  ("PKRU", "intel-ept", setPKRU), ("CR3 among nine values", "intel-shadow", switchCR3),
  ("map and write in turn", "intel-shadow", mapAndWrite),
] {
  let before = residentBytes()
  let path = try send(.post, "/v1/sessions", "{\"preset\": \"\(preset)\"}").fields["Location"] ?? ""
  for part in 0..<5 {
    let operations = (0..<2000).map { operation(part * 2000 + $0) }.joined(separator: ",")
    try send(.post, path + "/batch?fields=truncated", "{\"operations\": [\(operations)]}")
  }
  print("\(name), \(preset): \((residentBytes() - before) / 1024) KiB")
  try measure("undo of one", 100) { _ in try send(.post, path + "/undo") }
  try measure("undo and redo of 4,000 in turn", 40) { index in
    try send(.post, path + (index % 2 == 0 ? "/undo" : "/redo"), "{\"steps\": 4000}")
  }
  try measure("fork", 40) { _ in try send(.post, path + "/fork") }
  try measure("fork at an earlier revision", 100) { index in
    try send(.post, path + "/fork", "{\"at_revision\": \(index * 97 + 50)}")
  }
  try measure("an earlier revision", 100) { index in
    try send(.get, path + "/history?revision=\(index * 97 + 50)")
  }
  try measure("a page of 100 revisions", 100) { index in try send(.get, path + "/history?after=\(index * 97)")
  }
  try measure("export", 10) { _ in try send(.get, path + "/export") }
  let script = String(decoding: try send(.get, path + "/export").body, as: UTF8.self)
  try measure("a session of the export", 5) { _ in try send(.post, "/v1/sessions", script) }
}
let before = residentBytes()
for _ in 0..<9000 { try send(.post, "/v1/sessions", "{}") }
print("a session without operations: \((residentBytes() - before) / 9000) bytes")
