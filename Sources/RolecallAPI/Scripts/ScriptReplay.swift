import JSON
import KVMModel

/// A script that was run without a service.
public struct ScriptReplay: Sendable {
  /// What is wrong with a script: a line for each fault, with its place as a JSON pointer (RFC 6901).
  public struct Failure: Error, CustomStringConvertible {
    /// The lines.
    public let description: String

    init(_ problem: ProblemDetails) { description = problem.summary }
  }

  private let session: Session

  /// Runs a script. It is read whole before its first operation is applied, and one that makes no sense fails it.
  ///
  /// - Parameter bytes: a JSON text in the form of the body of `POST /v1/sessions`.
  public init(_ bytes: [UInt8]) throws(Failure) {
    var limits = RolecallService.Limits()
    limits.history = .max
    do throws(ProblemDetails) {
      let value: JSONValue
      do { value = try JSONValue(parsing: bytes) } catch {
        throw ProblemDetails(.malformedJSON, [JSONProblem(error)])
      }
      session = try Script(value, limits).session(at: Timestamp(seconds: 0), limits)
    } catch {
      throw Failure(error)
    }
  }

  /// A line for each operation with how it ended, then the machine as a table.
  public var text: String {
    session.withState { state in
      let vendor = state.machine.machine.vendor
      let lines = (2..<state.revision + 1).compactMap { revision -> String? in
        guard case .operation(let operation, let outcome)? = state.history[revision]?.step else { return nil }
        return "\(padded(String(revision), 7))\(operation.line(vendor)): \(outcome.text)\n"
      }
      return lines.joined() + (lines.isEmpty ? "" : "\n") + state.machine.table
    }
  }

  /// A JSON document: each operation with how it ended, under `results`; else the session's own, without what only a
  /// service gives it.
  public var json: [UInt8] {
    session.withState { state in
      var json = JSONWriter()
      json.object { json in
        json.member("name", session.name)
        json.member("revision", state.revision)
        json.key("results")
        json.array { json in
          for revision in 2..<state.revision + 1 {
            json.object { json in
              json.member("revision", revision)
              state.history.writeOperation(revision, to: &json, state.machine.machine.vendor)
            }
          }
        }
        Naming.proposed.writeNames(to: &json)
        json.member("boot", session.boot.rawValue)
        json.key("machine")
        state.machine.machine.write(to: &json)
        json.key("vcpus")
        json.array { json in
          for vcpu in state.machine.vcpus { vcpu.write(to: &json, .proposed, in: state.machine) }
        }
        json.key("stats")
        state.statistics.write(to: &json)
      }
      return json.finish()
    }
  }
}
