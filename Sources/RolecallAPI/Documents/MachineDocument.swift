import JSON
import KVMModel

extension Machine {
  /// The machine with every key, as a session can be made from it.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("kernel", "\(SimulatedLayouts.release)")
      json.member("vendor", vendor.rawValue)
      write(.machine, to: &json)
      for section in MachineSection.nested {
        json.key(section.name ?? "")
        json.object { json in write(section, to: &json) }
      }
      json.key("memory")
      memory.write(to: &json)
    }
  }

  private func write(_ section: MachineSection, to json: inout JSONWriter) {
    for key in section.numbers {
      json.key(key.name)
      json.integer(self[keyPath: key.path])
    }
    for key in section.flags {
      json.key(key.name)
      json.bool(self[keyPath: key.path])
    }
  }
}

extension MemoryConfiguration {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.key("slots")
      json.array { json in
        for slot in slots {
          json.object { json in
            json.member("gpa", hex: slot.base)
            json.member("bytes", hex: slot.bytes)
          }
        }
      }
      json.key("words")
      json.array { json in for word in words { word.write(to: &json) } }
    }
  }
}

extension MemoryWord {
  /// The pair of address and word.
  func write(to json: inout JSONWriter) {
    json.array { json in
      json.hex(address.rawValue)
      json.hex(value)
    }
  }
}
