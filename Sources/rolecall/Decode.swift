public import ArgumentParser
public import KVMModel
import RolecallAPI

/// `rolecall decode`
struct Decode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a role apart by a kernel's layout, field by field.")

  @Argument(help: "The role: \"0x\" and hexadecimal digits, or decimal digits.", transform: word)
  var value: UInt64
  @Option(help: "The kernel, as 6.1, v5.10.48 or 7.0.14-1-pve.", transform: release)
  var kernel = KernelRelease.simulated[0]
  @Option(help: "Which role it is; by default mmu-role unless the value has more than 32 bits.")
  var union: RoleName?
  @Option(help: "Another role, to show what it has otherwise.", transform: word)
  var against: UInt64?

  func run() throws {
    let isWide = max(value, against ?? 0) > UInt32.max
    let role = union ?? (isWide ? .vcpuRole : .mmuRole)
    do {
      let layouts = try RoleLayouts(of: kernel)
      let decoded = try layouts.decode(value, as: role)
      let other = try against.map { value throws(RoleLayoutError) in try layouts.decode(value, as: role) }
      print(decoded.table(against: other), terminator: "")
    } catch {
      throw ValidationError(error.description)
    }
  }
}

extension RoleName: ExpressibleByArgument {}

private func word(_ text: String) throws -> UInt64 {
  let isHexadecimal = text.lowercased().hasPrefix("0x")
  let digits = isHexadecimal ? text.dropFirst(2) : text[...]
  guard digits.first != "+", let word = UInt64(digits, radix: isHexadecimal ? 16 : 10) else {
    throw ValidationError("\(text) is no number of up to 64 bits.")
  }
  return word
}

private func release(_ text: String) throws -> KernelRelease {
  do {
    return try KernelRelease(text)
  } catch {
    throw ValidationError(error.description)
  }
}
