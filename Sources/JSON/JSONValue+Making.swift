// Values made by a program rather than read.

extension JSONValue {
  /// An integer.
  public static func integer(_ value: Int) -> JSONValue {
    .number(JSONNumber(text: String(value), integer: value))
  }

  /// An object of these members, whose keys must differ.
  public static func object(_ members: [(key: String, value: JSONValue)]) -> JSONValue {
    var object = JSONObject()
    object.members = members.map { JSONObject.Member(key: $0.key, value: $0.value) }
    return .object(object)
  }

  /// The member `key` of an object; nil if there is none, or the value is no object.
  public func member(_ key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }
}
