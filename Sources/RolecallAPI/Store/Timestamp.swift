/// A moment, to the second, in UTC.
struct Timestamp: Hashable, Sendable {
  /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
  let seconds: Int

  /// As RFC 3339, section 5.6, writes it: `2026-11-22T19:31:43Z`. For the years 0 to 9999.
  var text: String {
    let days = Int((Double(seconds) / 86400).rounded(.down))
    let second = seconds - days * 86400
    let (year, month, day) = Self.date(days)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
      + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
  }

  /// The date in the Gregorian calendar of a day since 1970-01-01.
  private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
    // Counted in years that begin on 1 March, so that the leap day is the last, from 0000-03-01 on.
    let day = days + 719_468
    let era = (day >= 0 ? day : day - 146_096) / 146_097
    let dayOfEra = day - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let isNextYear = month >= 10
    return (
      yearOfEra + era * 400 + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
      dayOfYear - (153 * month + 2) / 5 + 1
    )
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
