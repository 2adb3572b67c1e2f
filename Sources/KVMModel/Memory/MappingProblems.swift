extension Mapping {
  /// Everything that is wrong with the mapping whatever lies in memory; empty if it can be tried.
  public func problems() -> [Problem] {
    var found: [Problem] = []
    func require(_ holds: Bool, _ pointer: String, _ detail: @autoclosure () -> String) {
      if !holds { found.append(Problem(pointer: pointer, detail: detail())) }
    }
    let rootLimit: UInt64 = format == .thirtyTwoBit ? 1 << 32 : 1 << 52
    require(
      root < rootLimit, "/root",
      "must lie below \(hex(rootLimit)), where \(format.rawValue) tables can begin, is \(hex(root))")
    require(
      format.sizes.contains(size), "/size",
      "\(format.rawValue) tables have pages of \(format.sizes.map(\.rawValue).joined(separator: ", "))")
    if let detail = addressProblem { require(false, "/address", detail) }
    require(
      target % size.bytes == 0, "/target",
      "must be a multiple of the page's size, \(hex(size.bytes)), is \(hex(target))")
    require(
      target < targetLimit, "/target",
      "must lie below \(hex(targetLimit)), which is as far as such an entry reaches, is \(hex(target))")
    if let tables {
      require(tables % 4096 == 0, "/tables", "must be a multiple of 4096, is \(hex(tables))")
    }
    return found
  }

  /// The width of the addresses that the tables translate, in bits.
  private var addressBits: Int { format == .thirtyTwoBit || format == .pae ? 32 : 12 + 9 * levels }

  private var addressProblem: String? {
    switch format {
    case .thirtyTwoBit, .pae, .ept:
      guard address >> UInt64(addressBits) != 0 else { return nil }
      return "must be an address of \(addressBits) bits, is \(hex(address))"
    case .fourLevel, .fiveLevel:
      // All bits from the highest one that is translated upwards must be equal (SDM volume 1, section 3.3.7.1).
      let signs = address >> UInt64(addressBits - 1)
      guard signs != 0 && signs != UInt64.max >> UInt64(addressBits - 1) else { return nil }
      return "must be canonical: bits 63 to \(addressBits - 1) all equal; is \(hex(address))"
    }
  }

  /// 4-byte entries of large pages have four address bits more (PSE-36).
  private var targetLimit: UInt64 {
    guard format == .thirtyTwoBit else { return 1 << 52 }
    return size == .page4K ? 1 << 32 : 1 << 36
  }
}

extension Mapping.Format {
  /// The words that can name a leaf's flag in some format; a number follows those that end in `=`.
  public static let flagNames: [String] = {
    var names: [String] = []
    for field in [Self.fourLevel, .ept].flatMap(\.entries.fields) where !names.contains(field.word) {
      names.append(field.word)
    }
    return names
  }()

  /// The bits of a leaf's flags that are given by name, as `NX`, or by name and number, as `PK=3` and `MT=6`. An EPT leaf
  /// without `MT=` is write-back.
  ///
  /// - Parameter refuse: hears of each name that a leaf of this format and size does not have, by its place.
  public func leafFlags(
    _ names: [String], size: Mapping.Size, refuse: (Int, String) -> Void
  ) -> UInt64 {
    let fields = entries.fields.filter {
      $0.belongs(toLeaf: true, level: size.level) && !(self == .pae && $0.name == "PK")
    }
    var flags: UInt64 = 0
    var given: UInt64 = 0
    for (index, name) in names.enumerated() {
      guard let field = fields.first(where: { name.hasPrefix($0.word) && ($0.isNumber || name == $0.word) })
      else {
        refuse(
          index,
          "a \(size.rawValue) page in \(rawValue) tables has the flags \(fields.map(\.form).joined(separator: ", "))"
        )
        continue
      }
      guard let bits = field.bits(name) else {
        refuse(index, "\(field.word) takes a number from 0 to \(field.maximum)")
        continue
      }
      if given & field.mask != 0 && flags & field.mask != bits {
        refuse(index, "\(field.name) is there twice")
      }
      given |= field.mask
      flags = flags & ~field.mask | bits
    }
    if self == .ept && given & Self.memoryType == 0 { flags |= 6 << 3 }
    return flags & ~(size == .page4K ? 0 : EntryFormat.pageSize)
  }

  /// Bits 5:3 of an EPT leaf.
  private static let memoryType = bits(3, 5)
}

extension EntryField {
  /// The word that names it, or that begins its name and number.
  fileprivate var word: String { isNumber ? name + "=" : name }
  /// How it is written.
  fileprivate var form: String { isNumber ? "\(name)=0 to \(name)=\(maximum)" : name }

  /// The field as a name that begins with ``word`` sets it.
  fileprivate func bits(_ text: String) -> UInt64? {
    guard isNumber else { return mask }
    let digits = text.dropFirst(word.count)
    guard digits.allSatisfy(\.isNumber) else { return nil }
    return UInt64(digits).flatMap(holding)
  }
}
