@testable import KVMModel

/// What holds between shadow pages, their entries and memory.
enum ShadowInvariants {
  /// A sentence for each invariant that is broken.
  static func broken(_ machine: VirtualMachine) -> [String] {
    links(machine) + reverseMap(machine) + protection(machine) + unsync(machine) + counts(machine)
  }

  /// Every entry that leads to a table, with the table.
  private static func links(_ machine: VirtualMachine) -> [String] {
    var sentences: [String] = []
    for page in machine.shadowPages {
      if page.role.level > 1 {
        for entry in page.entries where entry.spte.isPresent {
          let place = SPTEPlace(page: page.hpa, index: entry.index)
          guard let child = machine.pages[entry.spte.target] else {
            sentences.append("\(text(place)) leads to no page")
            continue
          }
          if child.parents.count(where: { $0 == place }) != 1 {
            sentences.append("\(text(place)) is no parent")
          }
          if child.role.level != page.role.level - 1 { sentences.append("\(text(place)) skips levels") }
          if child.role.invalid { sentences.append("\(text(place)) leads to an invalid page") }
        }
      }
      for parent in page.parents {
        let spte = machine.pages[parent]
        if !spte.isPresent || spte.target != page.hpa {
          sentences.append("\(hex(page.hpa.rawValue)) has the parent \(text(parent)), which leads elsewhere")
        }
      }
    }
    return sentences
  }

  private static func reverseMap(_ machine: VirtualMachine) -> [String] {
    var sentences: [String] = []
    var frames: [GuestFrameNumber: Int] = [:]
    for page in machine.shadowPages where page.role.level == 1 {
      for entry in page.entries where entry.spte.isPresent {
        let place = SPTEPlace(page: page.hpa, index: entry.index)
        let frame = page.frame(ofEntry: entry.index)
        if entry.spte.target != HostPhysicalAddress(backing: frame) {
          sentences.append("\(text(place)) maps another frame than it stands for")
        }
        if page.isTDPMMU { continue }
        frames[frame, default: 0] += 1
        if machine.pages.leaves(frame).count(where: { $0 == place }) != 1 {
          sentences.append("\(text(place)) is not in the reverse map of \(hex(frame.rawValue))")
        }
      }
    }
    for frame in (0..<4096).map(GuestFrameNumber.init(rawValue:)) {
      if machine.pages.leaves(frame).count != frames[frame, default: 0] {
        sentences.append("the reverse map of \(hex(frame.rawValue)) holds what is no entry")
      }
    }
    return sentences
  }

  /// A frame that an entry lets the guest write holds no table that must not change unseen.
  private static func protection(_ machine: VirtualMachine) -> [String] {
    let format = machine.spteFormat
    var sentences: [String] = []
    for page in machine.shadowPages where page.role.level == 1 && !page.role.invalid {
      for entry in page.entries where entry.spte.isPresent {
        guard entry.spte.isWritable || format.isMMUWritable(entry.spte) else { continue }
        for table in machine.pages.candidates(page.frame(ofEntry: entry.index)) {
          guard table.shadowsGuestTable, !machine.isObsolete(table), table.role.smm == page.role.smm,
            !table.isUnsync
          else { continue }
          sentences.append(
            "\(text(SPTEPlace(page: page.hpa, index: entry.index))) lets the guest write frame "
              + "\(hex(table.frame.rawValue)), which the level-\(table.role.level) page \(hex(table.hpa.rawValue)) shadows"
          )
        }
      }
    }
    return sentences
  }

  private static func unsync(_ machine: VirtualMachine) -> [String] {
    machine.shadowPages.filter(\.isUnsync).flatMap { page -> [String] in
      guard page.role.level == 1, page.shadowsGuestTable, !page.role.invalid else {
        return ["\(hex(page.hpa.rawValue)) is out of date and of level \(page.role.level)"]
      }
      return unmarked(above: page, machine)
    }
  }

  private static func unmarked(above page: ShadowPage, _ machine: VirtualMachine) -> [String] {
    page.parents.flatMap { place -> [String] in
      guard let parent = machine.pages[place.page] else { return [] }
      guard parent.unsyncChildren.contains(place.index) else {
        return ["\(text(place)) does not know that something below it is out of date"]
      }
      return unmarked(above: parent, machine)
    }
  }

  private static func counts(_ machine: VirtualMachine) -> [String] {
    let used = machine.shadowPages.count { !$0.isTDPMMU }
    let wrong = machine.shadowPages.filter { $0.role.invalid && $0.rootCount == 0 }
    return (used == machine.pages.used ? [] : ["\(used) pages are used, not \(machine.pages.used)"])
      + wrong.map { "\(hex($0.hpa.rawValue)) is invalid and no root" }
  }

  private static func text(_ place: SPTEPlace) -> String {
    "entry \(place.index) of \(hex(place.page.rawValue))"
  }
}
