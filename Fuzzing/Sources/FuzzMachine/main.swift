import FuzzSupport
import ServiceHarness

let service = ServiceHarness()
let plain = Array("{}".utf8)

// An input decides what a session's machine is and what is done to it.
runFuzzer { bytes in
  var choices = Choices(source: ByteSource(bytes))
  let session = choices.session()
  let batch = choices.batch()
  guard let path = service.makeSession(Array(session.utf8)) ?? service.makeSession(plain) else {
    fatalError("no session is made")
  }
  if CommandLine.arguments.contains("-verbosity=9") { print(session, batch) }
  service.ask(.post, "\(path)/batch", Array(batch.utf8))
  service.examine(path, everyWay: bytes.count % 8 == 0)
}
