import HTTPCore

/// Which entries of a list are wanted (`after` and `limit`).
struct Page: Sendable {
  /// The place of the last entry that is not wanted.
  let after: Int
  /// How many entries at most.
  let limit: Int

  /// Entries in one answer unless the client says how many.
  static let usual = 100

  /// The value of Link for the entries after a place (RFC 8288).
  func link(_ path: String, after: Int) -> String { "<\(path)?after=\(after)&limit=\(limit)>; rel=\"next\"" }
}

extension Exchange {
  /// A parameter that is a number from 0 to 2^53 - 1.
  func number(_ name: String) throws(ProblemDetails) -> Int? {
    guard let text = parameter(name) else { return nil }
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(text),
      number < 1 << 53
    else { throw ProblemDetails(parameter: name, "must be a number from 0 to 2^53 - 1, in decimal digits") }
    return number
  }

  /// The parameters `after` and `limit`.
  func page() throws(ProblemDetails) -> Page {
    let most = service.limits.page
    let limit = try number("limit") ?? min(Page.usual, most)
    guard (1...most).contains(limit) else {
      throw ProblemDetails(
        .limitExceeded, parameter: "limit", "from 1 to \(most) entries in one answer, not \(limit)")
    }
    return Page(after: try number("after") ?? 0, limit: limit)
  }
}
