import FuzzSupport
import HTTPCore
import ServiceHarness

let body = #"""
  {"operations": [{"op": "map", "format": "4-level", "root": "0x1000", "address": "0x407000", "target": "0x5000",
    "tables": "0x10000"}, {"op": "set-cr", "register": "cr3", "value": "0x1000"}]}
  """#

/// The input with every `{s}` replaced, so that it need not guess a session.
func replacing(_ bytes: [UInt8], by path: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  var rest = bytes[...]
  let mark = Array("{s}".utf8)
  while let first = rest.first {
    if rest.starts(with: mark) {
      result += path
      rest = rest.dropFirst(mark.count)
    } else {
      result.append(first)
      rest = rest.dropFirst()
    }
  }
  return result
}

// An input is what a client sends on a connection; `{s}` stands for the path of a session.
runFuzzer { input in
  let service = ServiceHarness()
  guard let path = service.makeSession(Array(body.utf8)) else { fatalError("no session is made") }
  let bytes = replacing(input, by: Array(path.utf8))
  var connection = HTTPConnection(limits: Limits())
  connection.receive(bytes, count: bytes.count)
  var output: [UInt8] = []
  while true {
    switch connection.next() {
    case .needsInput: return
    case .sendContinue: continue
    case .request(let request):
      connection.answer(service.ask(request), StandingFields(unixSeconds: 0), into: &output)
    case .refuse(let error):
      connection.answer(service.refusal(error), StandingFields(unixSeconds: 0), into: &output)
      return
    }
  }
}
