import JSON
import KVMModel

/// Reads the body of a `map`.
func mapping(_ body: inout Body) -> Mapping {
  let format = body.members.required("format") { $0.enumeration(of: Mapping.Format.self) }
  let size = body.members.optionalEnumeration("size", of: Mapping.Size.self) ?? .page4K
  var mapping = Mapping(
    format: format ?? .fourLevel, root: body.members.word("root"), address: body.members.word("address"),
    target: body.members.word("target"), size: size, tables: body.members.optionalWord("tables"),
    replace: body.members.optionalBool("replace") ?? false)
  let names = body.members.optionalArray("flags", count: 0...32, of: decodeFlag)
  // Without a format there is nothing that the other values could be against.
  guard let format else { return mapping }
  body.refuse(mapping.problems().map { JSONProblem(pointer: $0.pointer, detail: $0.detail) })
  if let names, format.sizes.contains(size) {
    mapping.flags = format.leafFlags(names, size: size) { body.refuse("flags/\($0)", $1) }
  }
  return mapping
}

/// The name of a flag that some format has.
private func decodeFlag(_ element: inout ElementDecoder) -> String? {
  guard let text = element.string() else { return nil }
  let names = Mapping.Format.flagNames
  guard names.contains(where: { $0.hasSuffix("=") ? text.hasPrefix($0) : text == $0 }) else {
    let forms = names.map { $0.hasSuffix("=") ? $0 + "n" : $0 }
    element.refuse("must be one of \(forms.joined(separator: ", ")), not \"\(text.prefix(40))\"")
    return nil
  }
  return text
}
