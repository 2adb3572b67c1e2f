import JSON
import KVMModel

extension Session {
  /// The top-level keys of the document, in order.
  static let documentKeys = [
    "id", "name", "revision", "created", "updated", "names", "boot", "lab", "machine", "vcpus", "stats",
    "links",
  ]

  /// The path of the session.
  var path: String { "/v1/sessions/" + id.text }

  /// The document of the session in a state.
  func write(_ state: borrowing State, to json: inout JSONWriter, _ naming: Naming, fields: Fields = .all) {
    json.beginObject()
    if fields.contains("id") { json.member("id", id.text) }
    if fields.contains("name") { json.member("name", name) }
    if fields.contains("revision") { json.member("revision", state.revision) }
    if fields.contains("created") { json.member("created", created.text) }
    if fields.contains("updated") { json.member("updated", state.updated.text) }
    if fields.contains("names") { naming.writeNames(to: &json) }
    if fields.contains("boot") { json.member("boot", boot.rawValue) }
    if fields.contains("lab") {
      json.key("lab")
      if let enrolment { enrolment.write(to: &json) } else { json.null() }
    }
    if fields.contains("machine") {
      json.key("machine")
      state.machine.machine.write(to: &json)
    }
    if fields.contains("vcpus") {
      json.key("vcpus")
      json.beginArray()
      for vcpu in state.machine.vcpus { vcpu.write(to: &json, naming, in: state.machine) }
      json.endArray()
    }
    if fields.contains("stats") {
      json.key("stats")
      state.statistics.write(to: &json)
    }
    if fields.contains("links") {
      json.key("links")
      json.object { json in
        json.member("self", path)
        json.member("history", path + "/history")
        json.member("events", nil as String?)
        json.member("export", path + "/export")
        json.member("lab", enrolment.map { _ in path + "/lab" })
      }
    }
    json.endObject()
  }
}
