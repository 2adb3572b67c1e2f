import JSON

/// The body of a batch of the operations that a session's document holds; nil without any.
func operations(of bytes: [UInt8]) -> [UInt8]? {
  guard case .object(let session)? = try? JSONValue(parsing: bytes), let list = session["operations"] else {
    return nil
  }
  var writer = JSONWriter()
  writer.object { writer in
    writer.key(named: "operations")
    writer.value(list)
  }
  return writer.finish()
}
