import JSON
import KVMModel

extension RoleLayout {
  /// The layout with the bits of each field.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    writeSource(to: &json)
    json.key("fields")
    json.array { json in
      for field in fields {
        json.object { json in
          json.member("name", field.name)
          json.member("shift", field.shift)
          json.member("width", field.width)
        }
      }
    }
    json.key("holes")
    json.array { json in for hole in holes { json.bits(hole) } }
    json.endObject()
  }

  /// What the layout is, and how sure it is.
  func writeSource(to json: inout JSONWriter) {
    json.member("id", id)
    json.member("union", union.rawValue)
    json.member("kind", kind.rawValue)
    json.member("since", since.map { "\($0)" })
    json.member("until", until.map { "\($0)" })
    json.member("branch", branch)
    json.member("confidence", confidence.rawValue)
    json.member("note", note)
  }
}

extension DecodedRole {
  /// The role with every field, its bits counted in the whole role.
  func writeMembers(to json: inout JSONWriter) {
    json.member("role", role.rawValue)
    json.member("kernel", "\(release)")
    json.member("value", hex: value)
    json.member("union", union.rawValue)
    json.member("member", member)
    json.member("confidence", confidence.rawValue)
    json.member("notes", strings: notes)
    json.key("layouts")
    json.array { json in
      for part in parts {
        json.object { json in
          json.member("part", part.part.rawValue)
          part.layout.writeSource(to: &json)
        }
      }
    }
    json.key("fields")
    json.array { json in
      for part in parts {
        for field in part.fields {
          json.object { json in
            json.member("part", part.part.rawValue)
            json.member("name", field.name)
            json.key("bits")
            json.bits(field.bits)
            json.key("value")
            json.role(field.rendered)
            json.member("meaning", field.meaning)
          }
        }
      }
    }
    json.member("unnamed_bits", hex: unnamedBits)
  }
}

extension RoleDifference {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.key("fields")
      json.array { json in
        for field in fields {
          json.object { json in
            json.member("part", field.part.rawValue)
            json.member("name", field.from.name)
            json.key("bits")
            json.bits(field.from.bits)
            json.key("from")
            json.role(field.from.rendered)
            json.key("to")
            json.role(field.to.rendered)
            json.member("from_meaning", field.from.meaning)
            json.member("to_meaning", field.to.meaning)
          }
        }
      }
      json.member("unnamed_bits", hex: unnamedBits)
    }
  }
}

extension JSONWriter {
  /// The lowest and the highest bit.
  fileprivate mutating func bits(_ range: ClosedRange<Int>) {
    array { json in
      json.integer(range.lowerBound)
      json.integer(range.upperBound)
    }
  }

  /// A role field's value.
  fileprivate mutating func role(_ value: RoleFieldValue) {
    switch value {
    case .flag(let flag): bool(flag)
    case .number(let number): integer(Int(truncatingIfNeeded: number))
    case .access(let text): string(text)
    }
  }
}
