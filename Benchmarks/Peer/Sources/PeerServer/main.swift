import Foundation
import HTTPTypes
import Hummingbird
import KVMModel
import Logging
import NIOPosix
import Synchronization

// The part of the API that the comparison uses, as an ordinary service on Hummingbird has it: `Codable` documents by
// Foundation's coders, and sessions in memory. Arguments: port, event loops.

/// A machine and how often it was changed.
final class Session: Sendable {
  struct State {
    var machine = VirtualMachine(machine: Machine())
    var revision = 1
  }
  let state = Mutex(State())
}

final class Sessions: Sendable {
  private let all = Mutex<[String: Session]>([:])

  func add(_ session: Session) -> String {
    let id = UUID().uuidString
    all.withLock { $0[id] = session }
    return id
  }

  func remove(_ id: String) -> Bool {
    all.withLock { $0.removeValue(forKey: id) } != nil
  }

  func session(_ parameters: Parameters) throws -> Session {
    let id = try parameters.require("id")
    guard let session = all.withLock({ $0[id] }) else { throw HTTPError(.notFound) }
    guard try parameters.require("n", as: Int.self) == 0 else { throw HTTPError(.notFound) }
    return session
  }
}

/// Puts the fields on every answer that Rolecall has there; Hummingbird itself adds Date.
struct ProtectiveFields<Context: RequestContext>: RouterMiddleware {
  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response)
    async throws -> Response
  {
    var response = try await next(request, context)
    response.headers[.contentType] = "application/json"
    response.headers[.vary] = "Accept"
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    response.headers[crossOriginResourcePolicy] = "same-origin"
    response.headers[referrerPolicy] = "no-referrer"
    return response
  }
}

/// A field name that the library has no constant for.
func fieldName(_ name: String) -> HTTPField.Name {
  guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
  return name
}

let prefer = fieldName("Prefer")
let preferenceApplied = fieldName("Preference-Applied")
let crossOriginResourcePolicy = fieldName("Cross-Origin-Resource-Policy")
let referrerPolicy = fieldName("Referrer-Policy")

let sessions = Sessions()
let router = Router()
router.add(middleware: ProtectiveFields())

router.post("/v1/sessions") { _, _ in
  let id = sessions.add(Session())
  return Response(status: .created, headers: [.location: "/v1/sessions/" + id])
}

router.get("/livez") { _, _ in Response(status: .ok) }

router.delete("/v1/sessions/:id") { _, context in
  guard sessions.remove(try context.parameters.require("id")) else { throw HTTPError(.notFound) }
  return Response(status: .noContent)
}

router.get("/v1/sessions/:id/vcpus/:n") { _, context in
  let (document, revision) = try sessions.session(context.parameters).state.withLock { state in
    (VCPUDocument(state.machine.vcpus[0], in: state.machine, isAlone: true), state.revision)
  }
  return EditedResponse(headers: [.eTag: "\"\(revision)\""], response: document)
}

router.post("/v1/sessions/:id/vcpus/:n/set-cr") { request, context in
  let body = try await request.decode(as: OperationDocument.self, context: context)
  let operation = try body.operation()
  let isMinimal = request.headers[prefer] == "return=minimal"
  let document = try sessions.session(context.parameters).state.withLock { state in
    let result = try state.machine.apply(operation, detail: isMinimal ? .all.subtracting(.narration) : .all)
    state.revision += 1
    return ResultDocument(
      result, of: body, revision: state.revision, in: state.machine, isMinimal: isMinimal)
  }
  var headers: HTTPFields = [.eTag: "\"\(document.revision)\""]
  if isMinimal { headers[preferenceApplied] = "return=minimal" }
  return EditedResponse(headers: headers, response: document)
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: PeerServer PORT LOOPS\n".utf8))
  exit(64)
}
var logger = Logger(label: "peer")
logger.logLevel = .warning
let application = Application(
  router: router, configuration: .init(address: .hostname("127.0.0.1", port: arguments[0])),
  eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: arguments[1])),
  logger: logger)
try await application.runService()
