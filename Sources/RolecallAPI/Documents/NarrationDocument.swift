import JSON
import KVMModel

extension Narration {
  /// The steps, one after the other.
  func write(to json: inout JSONWriter, _ naming: Naming) {
    forEachStep { function, depth, text, effect in
      json.beginObject()
      json.member("function", function)
      json.member("depth", depth)
      json.key("text")
      json.string(utf8: text)
      json.key("effect")
      if let effect { effect.write(to: &json, naming) } else { json.null() }
      json.endObject()
    }
  }
}

extension Effect {
  fileprivate func write(to json: inout JSONWriter, _ naming: Naming) {
    json.beginObject()
    json.key("kind")
    json.string(literal: kind)
    switch self {
    case .raised(let requests), .served(let requests):
      json.key("requests")
      requests.write(to: &json)
    case .freedRoot(let mmu, let slot, let hpa):
      json.member("mmu", mmu.rawValue)
      json.member("slot", slot.name)
      json.member("hpa", hex: hpa.rawValue)
    case .loadedRoot(let mmu, let hpa, let pgd):
      json.member("mmu", mmu.rawValue)
      json.member("hpa", hex: hpa.rawValue)
      json.member("pgd", hex: pgd == invalidPage ? nil : pgd)
    case .createdPage(let hpa, let frame, let role), .foundPage(let hpa, let frame, let role),
      .zappedPage(let hpa, let frame, let role), .unsyncPage(let hpa, let frame, let role),
      .syncedPage(let hpa, let frame, let role):
      json.member("hpa", hex: hpa.rawValue)
      json.member("gfn", hex: frame.rawValue)
      json.member("role", hex: UInt64(role.rawValue))
    case .wroteEntry(let page, let index, let value):
      json.member("hpa", hex: page.rawValue)
      json.member("index", index)
      json.member("value", hex: value.rawValue)
    case .roles(let mmu, let vcpuRole, let mmuRole):
      json.member("mmu", mmu.rawValue)
      json.member(naming.vcpuRole, hex: vcpuRole.rawValue)
      json.member(naming.mmuRole, hex: UInt64(mmuRole.rawValue))
    case .quirk: break
    }
    json.endObject()
  }

  private var kind: StaticString {
    switch self {
    case .raised: "raised"
    case .served: "served"
    case .freedRoot: "freed-root"
    case .loadedRoot: "loaded-root"
    case .createdPage: "created-page"
    case .foundPage: "found-page"
    case .zappedPage: "zapped-page"
    case .unsyncPage: "unsync-page"
    case .syncedPage: "synced-page"
    case .wroteEntry: "wrote-entry"
    case .roles: "roles"
    case .quirk: "quirk"
    }
  }
}

extension Change {
  func write(to json: inout JSONWriter, _ naming: Naming) {
    json.beginObject(#"{"path":"#)
    path.write(to: &json, naming)
    json.key("from")
    from.write(to: &json)
    json.key("to")
    to.write(to: &json)
    json.endObject()
  }
}

extension Change.Value {
  /// Writes the value. Inlined, so that it is read where it is.
  @inline(__always)
  fileprivate func write(to json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .flag(let flag): json.bool(flag)
    case .number(let number): json.integer(number)
    case .word(let word): json.hex(word)
    case .pagingMode, .mmu, .pageFault, .walkFormat, .access: json.string(name)
    case .requests(let requests): requests.write(to: &json)
    case .words(let words): json.array { json in for index in 0..<4 { json.hex(words.vector[index]) } }
    case .permissions(let permissions): json.hex(bytes: permissions.low, permissions.high)
    }
  }
}

extension ChangePath {
  @inline(__always)
  fileprivate func write(to json: inout JSONWriter, _ naming: Naming) {
    switch naming {
    case .proposed: json.string(capacity: Self.maximumLength) { write(to: &$0) }
    case .upstream: json.string(naming.path(description))
    }
  }
}

extension Requests {
  func write(to json: inout JSONWriter) {
    json.array { json in
      for row in Requests.names where contains(row.request) { json.string(literal: row.name) }
    }
  }
}
