import Foundation
@testable import KVMModel
import Testing

/// What ftrace wrote of a running KVM, divided by guest.
struct TraceRecording {
  /// One guest from its first root to its last page.
  struct Guest {
    let name: String
    /// While it ran: tracepoints of `kvmmmu`, entries, exits and page faults.
    var life: [String] = []
    /// While it was taken down.
    var teardown: [String] = []
  }

  private(set) var guests: [Guest] = []

  init(_ name: String) throws {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "txt", subdirectory: "Fixtures"))
    var inTeardown = false
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init) {
      if line.hasPrefix("#") { continue }
      if line == "[teardown]" {
        inTeardown = true
      } else if line.hasPrefix("[") {
        guests.append(Guest(name: String(line.dropFirst().dropLast())))
        inTeardown = false
      } else if inTeardown {
        guests[guests.count - 1].teardown.append(line)
      } else {
        guests[guests.count - 1].life.append(line)
      }
    }
  }
}

extension TraceRecording.Guest {
  /// The lines that the MMU wrote.
  var mmuLines: [String] { life.filter { !Self.isForDriver($0) } }

  private static func isForDriver(_ line: String) -> Bool {
    ["kvm_entry", "kvm_exit", "kvm_page_fault"].contains { line.hasPrefix($0 + ":") }
  }

  /// The operations that a machine must go through to write the same lines.
  var operations: [VCPUOperation] {
    life.indices.compactMap { index in
      let words = life[index].split(separator: " ")
      switch words.first {
      case "kvm_entry:": return .enterGuest
      case "kvm_page_fault:":
        return .pageFault(
          address: Self.number(after: "address", words),
          errorCode: AccessMode(rawValue: Self.number(after: "error_code", words)))
      case "kvm_exit:" where words.contains("hlt"):
        // KVM fetches the instruction to step over it, if it has to translate the address.
        guard index + 1 < life.count, life[index + 1].hasPrefix("kvm_mmu_pagetable_walk: ") else {
          return nil
        }
        let walk = life[index + 1].split(separator: " ")
        return .walk(
          WalkRequest(address: UInt64(Self.number(after: "addr", walk)), access: .fetch, inject: false))
      default: return nil
      }
    }
  }

  private static func number(after key: Substring, _ words: [Substring]) -> UInt64 {
    guard let place = words.firstIndex(of: key), place + 1 < words.count else { return .max }
    let text = words[place + 1]
    return UInt64(text.hasPrefix("0x") ? text.dropFirst(2) : text, radix: 16) ?? .max
  }
}

/// Gives host frames names in the order in which they appear, so that lines of two hosts can be compared.
struct FrameNames {
  private var names: [UInt64: Int] = [:]

  /// A line with names instead of host frames.
  mutating func rename(_ line: String) -> String {
    var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    for index in words.indices.dropLast() {
      guard let value = UInt64(words[index + 1], radix: 16) else { continue }
      switch words[index] {
      case "pfn": words[index + 1] = name(value)
      case "at": words[index + 1] = name(value >> 12) + "+" + hex(value & 0xfff)
      // 5a0 is what a removed table leaves in its entries.
      case "spte", "old_spte", "new_spte":
        if value != 0 && value != 0x5a0 {
          words[index + 1] = name(value >> 12 & 0xff_ffff_ffff) + " " + hex(value & 0xfff0_0000_0000_0fff)
        }
      default: continue
      }
    }
    return words.joined(separator: " ")
  }

  private mutating func name(_ frame: UInt64) -> String {
    let number = names[frame] ?? names.count
    names[frame] = number
    return "frame-\(number)"
  }
}
