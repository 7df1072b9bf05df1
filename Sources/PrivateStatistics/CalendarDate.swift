/// A day of the Gregorian calendar, from 0001-01-01 to 9999-12-31, as its distance from 1970-01-01.
///
/// Reference: ISO 8601-1:2019, calendar dates; the arithmetic is that of Fliegel and Van Flandern (1968) with years
/// that begin in March.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Days since 1970-01-01.
  public let days: Int

  init(days: Int) { self.days = days }

  /// A day that exists.
  init?(year: Int, month: Int, day: Int) {
    guard (1...9_999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    guard day <= (month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31) else { return nil }
    let shifted = month > 2 ? year : year - 1
    let month = (month + 9) % 12
    let era = shifted / 400
    let ofEra = shifted % 400
    days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + (153 * month + 2) / 5 + day - 1 - 719_468
  }

  /// A day from `YYYY-MM-DD`; `nil` for any other text.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 10, let time = unsafe bytes.withUnsafeBytes({ unsafe Timestamp($0) }) else { return nil }
    self = time.date
  }

  /// Year, month from 1 to 12, day from 1.
  public var parts: (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let ofEra = shifted % 146_097
    let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let month = (5 * ofYear + 2) / 153
    let day = ofYear - (153 * month + 2) / 5 + 1
    return (year + 400 * era + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9, day)
  }

  /// The day of the week, 1 for Monday to 7 for Sunday.
  public var weekday: Int { ((days + 3) % 7 + 7) % 7 + 1 }

  /// `YYYY-MM-DD`.
  public var description: String {
    let (year, month, day) = parts
    return "\(CalendarDate.padded(year, 4))-\(CalendarDate.padded(month, 2))-\(CalendarDate.padded(day, 2))"
  }

  static func padded(_ value: Int, _ width: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// Whether one day is before another.
  public static func < (a: CalendarDate, b: CalendarDate) -> Bool { a.days < b.days }
}

extension CalendarDate: Codable {
  /// Reads `YYYY-MM-DD`.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let date = CalendarDate(text) else {
      throw StatisticsError.query("date", "must be a day that exists, as YYYY-MM-DD")
    }
    self = date
  }

  /// Writes `YYYY-MM-DD`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A date, or a date with a time, as ISO 8601 writes it.
///
/// **Accepted**: `2024-03-05`, `2024-03-05T09:30`, seconds and their fraction, a space instead of `T`, and `Z` or an
/// offset (`+02:00`, `+0200`, `+02`), by which the time is brought to UTC. Without an offset a time is taken as it is
/// written. **Refused**: everything else, days and times that do not exist, leap seconds.
struct Timestamp: Hashable {
  /// Seconds since 1970-01-01T00:00:00, rounded down.
  let seconds: Int

  var date: CalendarDate { CalendarDate(days: (seconds - second) / 86_400) }
  /// The second of the day.
  var second: Int { ((seconds % 86_400) + 86_400) % 86_400 }

  init?(_ text: UnsafeRawBufferPointer) {
    guard text.count >= 10, text.count <= 40, unsafe text[4] == 0x2d, unsafe text[7] == 0x2d,
      let year = unsafe Timestamp.number(text, 0, 4), let month = unsafe Timestamp.number(text, 5, 2),
      let day = unsafe Timestamp.number(text, 8, 2), let date = CalendarDate(year: year, month: month, day: day)
    else { return nil }
    var seconds = 86_400 * date.days
    if text.count > 10 {
      guard text.count >= 16, unsafe text[10] == 0x54 || text[10] == 0x20, unsafe text[13] == 0x3a,
        let hour = unsafe Timestamp.number(text, 11, 2), hour < 24,
        let minute = unsafe Timestamp.number(text, 14, 2), minute < 60
      else { return nil }
      seconds += 3_600 * hour + 60 * minute
      var place = 16
      if place < text.count, unsafe text[place] == 0x3a {
        guard let second = unsafe Timestamp.number(text, 17, 2), second < 60 else { return nil }
        seconds += second
        place = 19
        if place < text.count, unsafe text[place] == 0x2e {
          let start = place + 1
          place = start
          while place < text.count, unsafe text[place] &- 0x30 <= 9 { place += 1 }
          guard place > start else { return nil }
        }
      }
      guard let offset = unsafe Timestamp.offset(text, place) else { return nil }
      seconds -= offset
    }
    self.seconds = seconds
    guard (-719_162...2_932_896).contains(self.date.days) else { return nil }
  }

  /// Seconds east of UTC of what follows a time.
  private static func offset(_ text: UnsafeRawBufferPointer, _ place: Int) -> Int? {
    let left = text.count - place
    if left == 0 { return 0 }
    if left == 1 { return unsafe text[place] == 0x5a ? 0 : nil }
    guard left == 3 || left == 5 || left == 6, unsafe text[place] == 0x2b || text[place] == 0x2d,
      let hours = unsafe number(text, place + 1, 2), hours < 24
    else { return nil }
    var minutes = 0
    if left > 3 {
      if left == 6, unsafe text[place + 3] != 0x3a { return nil }
      guard let number = unsafe number(text, text.count - 2, 2), number < 60 else { return nil }
      minutes = number
    }
    let total = 3_600 * hours + 60 * minutes
    return unsafe text[place] == 0x2d ? -total : total
  }

  /// The number of so many digits.
  private static func number(_ text: UnsafeRawBufferPointer, _ place: Int, _ count: Int) -> Int? {
    guard place + count <= text.count else { return nil }
    var value = 0
    for index in place..<(place + count) {
      let digit = unsafe text[index] &- 0x30
      guard digit <= 9 else { return nil }
      value = 10 * value + Int(digit)
    }
    return value
  }
}

/// What is read off a date.
public enum DatePart: String, Sendable, Hashable, CaseIterable, Codable {
  /// `2024`.
  case year
  /// `2024-Q1`.
  case quarter
  /// `2024-03`.
  case month
  /// `2024-03-05`.
  case day
  /// `1` for Monday to `7` for Sunday.
  case weekday
  /// `0` to `23`.
  case hour
  /// Days since 1970-01-01, a number.
  case days
  /// Seconds since 1970-01-01T00:00:00, a number.
  case seconds

  /// The part of a time, as a field would hold it.
  func text(of time: Timestamp) -> String {
    let date = time.date
    let (year, month, _) = date.parts
    let years = CalendarDate.padded(year, 4)
    switch self {
    case .year: return years
    case .quarter: return "\(years)-Q\((month + 2) / 3)"
    case .month: return "\(years)-\(CalendarDate.padded(month, 2))"
    case .day: return date.description
    case .weekday: return "\(date.weekday)"
    case .hour: return "\(time.second / 3_600)"
    case .days: return "\(date.days)"
    case .seconds: return "\(time.seconds)"
    }
  }
}
