import FuzzSupport
import ServiceHarness

let service = ServiceHarness()

// An input is the body of POST /v1/sessions, which holds a machine and operations; its operations are then applied once
// more as a batch, with their explanation.
runFuzzer { bytes in
  guard let path = service.makeSession(bytes) else { return }
  if let operations = operations(of: bytes) { service.ask(.post, "\(path)/batch", operations) }
  service.examine(path, everyWay: bytes.count % 4 == 0)
}
