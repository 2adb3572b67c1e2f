import JSON
import KVMModel

extension Mapping {
  /// The keys of the operation's body.
  func writeMembers(to json: inout JSONWriter) {
    json.member("format", format.rawValue)
    json.member("root", hex: root)
    json.member("address", hex: address)
    json.member("target", hex: target)
    json.member("size", size.rawValue)
    json.member("flags", strings: flagNames)
    if let tables { json.member("tables", hex: tables) }
    json.member("replace", replace)
  }
}

extension MapReport {
  /// The entries written, and the pages that became tables.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.key("entries")
      json.array { json in for entry in entries { entry.write(to: &json) } }
      json.key("tables")
      json.array { json in for table in tables { json.hex(table.rawValue) } }
    }
  }
}

extension MappedEntry {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("level", level)
      json.member("table", hex: table.rawValue)
      json.member("index", index)
      json.member("gpa", hex: address.rawValue)
      json.member("bytes", bytes)
      json.member("from", hex: from)
      json.member("to", hex: to)
      json.member("flags", strings: flags)
    }
  }
}
