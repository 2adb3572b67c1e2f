import Testing

@testable import KVMModel

/// What `map` writes, `walk` finds: random pages in tables of every format, over what earlier ones left.
@Suite struct MapWalkTests {
  private struct Tables {
    let format: Mapping.Format
    let root: UInt64
    let preset: String
    let boot: Boot
    var space = WalkRequest.Space.virtual
    var setup: [VCPUOperation] = []
    /// Loads the PDPTEs anew, where they count.
    var reload: VCPUOperation?
    /// Every access is a user's.
    var isNPT = false
  }

  private static let svme = VCPUOperation.efer(0x1d01)
  private static let tables = [
    Tables(format: .thirtyTwoBit, root: 0x1000, preset: "intel-shadow", boot: .thirtyTwoBit),
    Tables(
      format: .pae, root: 0x1020, preset: "intel-shadow", boot: .pae, setup: [.efer(0x800), .cr3(0x1020)],
      reload: .cr3(0x1020)),
    Tables(
      format: .pae, root: 0x1000, preset: "amd-npt", boot: .pae, setup: [.efer(0x800)], reload: .cr3(0x1000)),
    Tables(format: .fourLevel, root: 0x1000, preset: "intel-ept", boot: .longMode),
    Tables(format: .fiveLevel, root: 0x1000, preset: "amd-npt-5level", boot: .longModeLA57),
    Tables(
      format: .fourLevel, root: 0x20000, preset: "amd-npt", boot: .longMode, space: .l2Physical,
      setup: [svme, .enterL2(paging: true, pgd: 0x20000)], isNPT: true),
    Tables(
      format: .ept, root: 0x2005e, preset: "intel-ept", boot: .longMode, space: .l2Physical,
      setup: [.enterL2(paging: true, pgd: 0x2005e)]),
    Tables(
      format: .ept, root: 0x20066, preset: "intel-ept-5level", boot: .longMode, space: .l2Physical,
      setup: [.enterL2(paging: true, pgd: 0x20066)]),
  ]

  @Test func aWalkReachesTheTargetWithTheRightsAskedFor() throws {
    for (place, tables) in Self.tables.enumerated() {
      var random = RandomOperations(seed: UInt64(place + 1))
      var test = TestMachine(tables.preset, boot: tables.boot)
      for operation in tables.setup { #expect(try test.run(operation).outcome == .ok, "\(tables)") }
      var denied = 0
      for _ in 0..<200 {
        let mapping = random.mapping(tables.format, root: tables.root)
        let place: Comment = "\(tables.preset): \(mapping)"
        #expect(mapping.problems().isEmpty, place)
        _ = try test.vm.apply(.machine(.map(mapping)))
        if let reload = tables.reload { #expect(try test.run(reload).outcome == .ok, place) }
        let offset = random.word() & (mapping.size.bytes - 1)
        let page = mapping.address & ~(mapping.size.bytes - 1)
        for access in [WalkRequest.Access.read, .write, .fetch] {
          for user in tables.isNPT || tables.format == .ept ? [true] : [false, true] {
            let request = WalkRequest(
              address: page | offset, access: access, user: user, space: tables.space, inject: false)
            let result = try test.run(.walk(request)).walk?.result
            guard mapping.allows(access, user: user) else {
              denied += 1
              guard case .failure? = result else {
                Issue.record("\(access), user \(user), is not denied: \(place)")
                continue
              }
              continue
            }
            #expect(
              try result?.get().rawValue == mapping.target | offset, "\(access), user \(user): \(place)")
          }
        }
        var again = mapping
        again.replace = false
        #expect(try test.vm.apply(.machine(.map(again))).map?.entries == [], place)
      }
      #expect(denied > 50)
    }
  }
}

extension Mapping {
  /// Whether the leaf allows an access; EPT's right to read goes with a user's access, which all are there.
  fileprivate func allows(_ access: WalkRequest.Access, user: Bool) -> Bool {
    let names = Set(flagNames)
    if format == .ept {
      return names.contains("R") && (access != .write || names.contains("W"))
        && (access != .fetch || names.contains("X"))
    }
    return (!user || names.contains("US")) && (access != .write || names.contains("RW"))
      && (access != .fetch || !names.contains("NX"))
  }
}

extension RandomOperations {
  fileprivate mutating func word() -> UInt64 { UInt64.random(in: 0...(.max), using: &generator) }

  fileprivate mutating func mapping(_ format: Mapping.Format, root: UInt64) -> Mapping {
    let size = pick(format.sizes)
    let isEPT = format == .ept
    var names =
      isEPT
      ? pick([["R"], ["R", "W"], ["R", "X"], ["R", "W", "X"], ["X"]]) + ["MT=\(pick([0, 1, 4, 5, 6]))"]
      : ["P"]
    for name in isEPT ? ["IPAT"] : ["RW", "US", "PWT", "PCD", "PAT", "G"] where flag() { names.append(name) }
    for name in ["A", "D"] where flag(30) { names.append(name) }
    if !isEPT && format != .thirtyTwoBit && flag(30) { names.append("NX") }
    if format == .fourLevel || format == .fiveLevel { names.append("PK=\(pick([0, 5, 15]))") }
    var mapping = Mapping(format: format, root: root, address: 0, target: 0, size: size, replace: true)
    mapping.flags = format.leafFlags(names, size: size) { Issue.record("\(names[$0]): \($1)") }
    // Few addresses at each level, so that pages and tables meet.
    let random = word() & pick([0xffff_ffff_ffff_ffff, 0x7fff_f000, 0x40_7000])
    let width = format == .thirtyTwoBit || format == .pae ? 32 : 12 + 9 * mapping.levels
    mapping.address =
      isEPT || width == 32
      ? random & (1 << UInt64(width) - 1)
      : UInt64(bitPattern: (Int64(bitPattern: random) << Int64(64 - width)) >> Int64(64 - width))
    let reach: UInt64 = format == .thirtyTwoBit ? size == .page4K ? 1 << 32 : 1 << 36 : 1 << 46
    mapping.target = word() & (reach - 1) & ~(size.bytes - 1)
    mapping.tables = pick([nil, 0x40_0000])
    return mapping
  }
}
