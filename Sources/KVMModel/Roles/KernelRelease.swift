/// A Linux release, as its users name it: `6.1`, `v5.10.48`, `7.0.14-1-pve`, or a posted patch series.
///
/// A series that never became a release is known by its name, and carries the number of the mainline
/// release whose page role it was written against.
public struct KernelRelease: Sendable, Hashable {
  /// The first number, as 6 in 6.1.192.
  public let major: Int
  /// The second number, as 1 in 6.1.192.
  public let minor: Int
  /// The stable patch level, as 192 in 6.1.192; `nil` if the name gives none.
  public let patch: Int?
  /// What a vendor appended, from its separator on, as `-1-pve`; mostly empty.
  public let suffix: String
  /// The name of a patch series, or `nil` for a release.
  public let series: String?

  /// Parses a release or the name of a series.
  ///
  /// - Throws: ``KernelReleaseError`` if the text is no such name, or names a number Linux never had.
  public init(_ text: String) throws(KernelReleaseError) {
    guard text.utf8.count <= 64 else { throw .malformed }
    if let known = KernelRelease.series.first(where: { $0.series == text.lowercased() }) {
      self = known
      return
    }
    var rest = text.utf8[...]
    if rest.first == UInt8(ascii: "v") { rest.removeFirst() }
    guard let major = takeNumber(&rest), takeDot(&rest), let minor = takeNumber(&rest) else {
      throw .malformed
    }
    var patch: Int?
    if takeDot(&rest) {
      guard let number = takeNumber(&rest) else { throw .malformed }
      patch = number
    }
    guard isSuffix(rest) else { throw .malformed }
    if let last = lastMinor[major], minor > last { throw .noSuchRelease(major: major, lastMinor: last) }
    self.init(major, minor, patch, suffix: String(rest) ?? "")
  }

  init(_ major: Int, _ minor: Int, _ patch: Int? = nil, suffix: String = "", series: String? = nil) {
    self.major = major
    self.minor = minor
    self.patch = patch
    self.suffix = suffix
    self.series = series
  }

  /// The releases that a session can simulate.
  public static let simulated = [KernelRelease(6, 1)]

  /// The newest release whose structures are known; a later one is read like it, with low confidence.
  public static let newestKnown = KernelRelease(7, 3)

  /// The patch series that are known by name: "MMU role refactoring" of February 2022, versions 1 and 2.
  public static let series = [
    KernelRelease(5, 17, series: "feb2022-v1"), KernelRelease(5, 17, series: "feb2022-v2"),
  ]

  /// Whether both belong to the same stable branch, as 6.1 and 6.1.192.
  func isSameBranch(as other: KernelRelease) -> Bool { (major, minor) == (other.major, other.minor) }

  /// Whether the vendor's suffix has this part between its separators, as `pve` in `-1-pve`.
  func hasSuffixPart(_ part: String) -> Bool {
    suffix.split(whereSeparator: { suffixSeparators.contains($0) }).contains(part[...])
  }

  /// The branch before this one, as 4.20 before 5.0.
  var previousBranch: KernelRelease {
    minor > 0 ? KernelRelease(major, minor - 1) : KernelRelease(major - 1, lastMinor[major - 1] ?? 0)
  }
}

extension KernelRelease: Comparable {
  /// In order of the numbers; `6.1` stands before `6.1.0`, and a vendor's or a series' name after the plain one.
  public static func < (one: KernelRelease, other: KernelRelease) -> Bool {
    (one.major, one.minor, one.patch ?? -1, one.suffix, one.series ?? "")
      < (other.major, other.minor, other.patch ?? -1, other.suffix, other.series ?? "")
  }
}

extension KernelRelease: CustomStringConvertible {
  /// The name as ``init(_:)`` takes it, without a leading `v`.
  public var description: String {
    series ?? "\(major).\(minor)" + (patch.map { ".\($0)" } ?? "") + suffix
  }
}

/// Why a text names no kernel.
public enum KernelReleaseError: Error, Equatable, CustomStringConvertible {
  /// Neither numbers with an optional suffix nor the name of a series.
  case malformed
  /// The major version ended before that minor one.
  case noSuchRelease(major: Int, lastMinor: Int)

  /// One sentence for the person who gave the name.
  public var description: String {
    switch self {
    case .malformed:
      let series = KernelRelease.series.map(\.description).joined(separator: ", ")
      return "a kernel is named like 6.1, v5.10.48 or 7.0.14-1-pve, or by a patch series: \(series)"
    case .noSuchRelease(let major, let last):
      return "Linux \(major) ended with \(major).\(last)"
    }
  }
}

private let suffixSeparators: Set<Character> = ["-", "+", ".", "~", "_"]

/// The last minor number of each finished major version.
private let lastMinor = [3: 19, 4: 20, 5: 19, 6: 19]

private func takeNumber(_ rest: inout Substring.UTF8View) -> Int? {
  let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  guard (1...3).contains(digits.count) else { return nil }
  rest.removeFirst(digits.count)
  return Int(Substring(digits))
}

private func takeDot(_ rest: inout Substring.UTF8View) -> Bool {
  guard rest.first == UInt8(ascii: ".") else { return false }
  rest.removeFirst()
  return true
}

private func isSuffix(_ rest: Substring.UTF8View) -> Bool {
  guard let first = rest.first else { return true }
  return suffixSeparators.contains(Character(Unicode.Scalar(first)))
    && Substring(rest).allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || suffixSeparators.contains($0))
    }
}
