public import HTTPCore
import FuzzSupport
import JSON
@testable import KVMModel
@testable import RolecallAPI

/// A service without sockets, whose answers are checked.
public struct ServiceHarness {
  fileprivate let service: RolecallService

  /// A service without sessions.
  public init() {
    var limits = RolecallService.Limits()
    limits.sessions = 4
    limits.operations = 64
    limits.answerBytes = 256 * 1024
    service = RolecallService(limits: limits) { 1_795_375_903 }
  }

  /// Asks the service: it must answer, not by a fault of its own, and what it calls JSON must be JSON.
  @discardableResult
  public func ask(_ request: Request) -> Response {
    let response = answer(to: request)
    let status = response.status.rawValue
    require((200..<500).contains(status) || status == 503, "\(request.path) gives \(status)")
    if response.fields["Content-Type"]?.contains("json") == true, request.method != .head {
      do {
        _ = try JSONValue(parsing: response.body)
      } catch {
        fatalError(
          "\(request.path) gives no JSON: \(error) in \(String(decoding: response.body, as: UTF8.self))")
      }
    }
    return response
  }

  /// What the service answers: it has no database, so everything but a stream comes at once; of a stream, its head.
  private func answer(to request: Request) -> Response {
    switch service.respond(to: request, later: Later(Nobody(), client: 0, request: 0)) {
    case .now(let response): return response
    case .later: fatalError("\(request.path) is answered later")
    case .stream(let stream):
      stream.onEnd()
      return stream.head
    }
  }

  /// Asks for `target`, with a body of JSON if there is one.
  @discardableResult
  public func ask(
    _ method: Method, _ target: String, _ body: [UInt8]? = nil, accept: String = "application/json"
  )
    -> Response
  {
    var fields = [(name: "Accept", value: accept)]
    if body != nil { fields.append((name: "Content-Type", value: "application/json")) }
    do {
      return ask(try Request(method, target, fields: fields, body: body ?? []))
    } catch {
      fatalError("the harness asks for \(target): \(error)")
    }
  }

  /// Makes a session; its path, or nil when it was refused, which also a problem document must say.
  public func makeSession(_ body: [UInt8]) -> String? {
    let response = ask(.post, "/v1/sessions", body)
    guard response.status.rawValue == 201 else {
      require(
        response.fields["Content-Type"] == "application/problem+json",
        "\(response.status.rawValue) says nothing")
      return nil
    }
    return response.fields["Location"]
  }

  /// Looks at a session in every way, checks what holds of every machine, and deletes the session.
  public func examine(_ path: String, everyWay: Bool) {
    let id = path.split(separator: "/").last.flatMap { SessionID(Array($0.utf8)[...]) }
    guard let session = id.flatMap({ try? service.sessions.session($0, at: service.now) }) else {
      fatalError("\(path) is no session")
    }
    let machine = session.withState { $0.machine }
    let broken = Invariants.broken(machine) + ShadowInvariants.broken(machine)
    require(broken.isEmpty, broken.joined(separator: "\n"))
    if everyWay {
      var targets = ["", "/shadow-pages?entries=all", "/memory?gpa=0x1000&words=64"].map { path + $0 }
      for vcpu in machine.vcpus.indices {
        targets.append("\(path)/vcpus/\(vcpu)")
        targets.append("\(path)/vcpus/\(vcpu)/translate?address=0x407000&access=write&user=true")
      }
      for page in machine.shadowPages.prefix(8) {
        targets.append("\(path)/shadow-pages/0x\(String(page.hpa.rawValue, radix: 16))")
      }
      for target in targets {
        let status = ask(.get, target).status.rawValue
        require([200, 400, 404, 422].contains(status), "\(target) gives \(status)")
      }
      ask(.get, path, accept: "text/plain")
      ask(.get, "\(path)/vcpus/0", accept: "text/plain")
    }
    ask(.delete, path)
  }
}

extension ServiceHarness {
  /// What the service says to a client whose bytes are no request.
  public func refusal(_ error: HTTPError) -> Response {
    let response = service.respond(to: error)
    require((try? JSONValue(parsing: response.body)) != nil, "\(error) is told without JSON")
    return response
  }
}

/// Takes in what a stream sends, and drops it.
private final class Nobody: AnswerReceiver {
  func receive(_ part: AnswerPart, client: UInt64, request: UInt32) {}
}
