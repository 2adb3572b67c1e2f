/// The fields that every answer carries beside its own: Date (RFC 9110 §6.6.1), and those that the program chose. The
/// caller, who has a clock, makes them anew each second.
public struct StandingFields: Sendable {
  let lines: [UInt8]
  /// The status line of 200, the same lines, and the beginning of Content-Length.
  let linesAfterOK: [UInt8]

  static let contentLength = Array("Content-Length: ".utf8)

  /// The fields of a time between the years 1970 and 9999, in seconds since the epoch.
  public init(unixSeconds: Int, common: ResponseFields = ResponseFields()) {
    lines = Array("Date: \(DateField(unixSeconds: unixSeconds).text)\r\n".utf8) + common.lines
    linesAfterOK = (200 as Status).line + lines + Self.contentLength
  }
}

/// The Date field's value (RFC 9110 §5.6.7, IMF-fixdate).
struct DateField {
  let text: String

  /// The date of a time between the years 1970 and 9999, in seconds since the epoch.
  init(unixSeconds: Int) {
    let seconds = min(max(unixSeconds, 0), 253_402_300_799)
    let days = seconds / 86_400
    let (year, month, day) = Self.civil(days: days)
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(weekdays[days % 7]), \(two(day)) \(months[month - 1]) \(year)"
    let time = "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    text = "\(date) \(time) GMT"
  }

  /// The Gregorian date of a day counted from 1970-01-01.
  private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    var year = 1970
    var rest = days
    func length(_ year: Int) -> Int { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365 }
    while rest >= length(year) {
      rest -= length(year)
      year += 1
    }
    let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while rest >= months[month] {
      rest -= months[month]
      month += 1
    }
    return (year, month + 1, rest + 1)
  }
}
