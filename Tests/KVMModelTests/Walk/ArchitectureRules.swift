/// What a processor lets an access do on a page, written from the Intel SDM, volume 3, sections 5.6 (access rights)
/// and 5.7 (page-fault exceptions), and from nothing else.
struct ArchitectureRules {
  var writeProtect = false
  var noExecute = false
  var smep = false
  var smap = false
  var protectionKeys = false

  struct Access: Hashable {
    enum Kind: CaseIterable { case read, write, fetch }
    var kind: Kind
    var user: Bool
    /// An access to a system structure, whatever the CPL; it counts as one by the supervisor.
    var implicit = false
    /// EFLAGS.AC.
    var alignmentCheck = false

    static let all: [Access] = Kind.allCases.flatMap { kind in
      [false, true].flatMap { ac in
        [
          Access(kind: kind, user: true, alignmentCheck: ac),
          Access(kind: kind, user: false, alignmentCheck: ac),
          Access(kind: kind, user: false, implicit: true, alignmentCheck: ac),
        ]
      }
    }
  }

  /// What the entries of a translation say together.
  struct Page {
    /// US is 1 in every entry: a user-mode address.
    var user: Bool
    /// RW is 1 in every entry.
    var writable: Bool
    /// XD is 1 in some entry.
    var executeDisable: Bool
    /// What PKRU says of its key: access-disable and write-disable.
    var accessDisable: Bool
    var writeDisable: Bool
  }

  /// What an access needs besides a translation.
  private enum Need {
    case impossible, writable, writableIfProtected, executable, noSMEP, noSMAP, readKey, writeKey
  }

  private struct Case: Hashable {
    let user: Bool
    let kind: Access.Kind
    let userPage: Bool
  }

  /// Section 5.6.1, a row for each of its cases; the rights of section 5.6.2 are the keys.
  private static let needs: [Case: [Need]] = [
    Case(user: false, kind: .read, userPage: false): [],
    Case(user: false, kind: .read, userPage: true): [.noSMAP, .readKey],
    Case(user: false, kind: .write, userPage: false): [.writableIfProtected],
    Case(user: false, kind: .write, userPage: true): [.writableIfProtected, .noSMAP, .readKey, .writeKey],
    Case(user: false, kind: .fetch, userPage: false): [.executable],
    Case(user: false, kind: .fetch, userPage: true): [.executable, .noSMEP],
    Case(user: true, kind: .read, userPage: false): [.impossible],
    Case(user: true, kind: .read, userPage: true): [.readKey],
    Case(user: true, kind: .write, userPage: false): [.impossible],
    Case(user: true, kind: .write, userPage: true): [.writable, .readKey, .writeKey],
    Case(user: true, kind: .fetch, userPage: false): [.impossible],
    Case(user: true, kind: .fetch, userPage: true): [.executable],
  ]

  /// The error code of an access to a page that is there (figure 5-12); `nil` if it may go on.
  func errorCode(_ access: Access, _ page: Page) -> UInt64? {
    let needs = Self.needs[Case(user: access.user, kind: access.kind, userPage: page.user)] ?? [.impossible]
    let missing = needs.filter { !isMet($0, access, page) }
    guard !missing.isEmpty else { return nil }
    let byKey = missing.contains(.readKey) || missing.contains(.writeKey)
    return 1 | accessBits(access) | (byKey ? 1 << 5 : 0)
  }

  /// The error code of an access whose translation ends at an entry that is not present.
  func notPresent(_ access: Access) -> UInt64 { accessBits(access) }

  /// The error code of an access whose translation ends at an entry with a reserved bit.
  func reservedBit(_ access: Access) -> UInt64 { 1 | 1 << 3 | accessBits(access) }

  private func accessBits(_ access: Access) -> UInt64 {
    var bits: UInt64 = 0
    if access.kind == .write { bits |= 1 << 1 }
    if access.user { bits |= 1 << 2 }
    if access.kind == .fetch && (noExecute || smep) { bits |= 1 << 4 }
    return bits
  }

  private func isMet(_ need: Need, _ access: Access, _ page: Page) -> Bool {
    switch need {
    case .impossible: false
    case .writable: page.writable
    case .writableIfProtected: page.writable || !writeProtect
    case .executable: !noExecute || !page.executeDisable
    case .noSMEP: !smep
    case .noSMAP: !smap || (access.alignmentCheck && !access.implicit)
    case .readKey: !protectionKeys || !page.accessDisable
    case .writeKey: !protectionKeys || !page.writeDisable || !(access.user || writeProtect)
    }
  }
}
