public import ExactMath
import TableFormats

/// A condition that rows must meet to count; rows that do not are left out, as if they were not in the table.
///
/// A filter reads one row only, so it cannot raise what one unit contributes.
public struct RowFilter: Sendable, Hashable {
  /// What is asked of a field.
  public enum Test: Sendable, Hashable {
    /// The text is one of these.
    case isOneOf([String])
    /// The text is none of these.
    case isNoneOf([String])
    /// The field is there and not empty.
    case isPresent
    /// The number lies from the first to the second end, both included; `nil` for no end.
    case isWithin(atLeast: Rational?, atMost: Rational?)
    /// The date, or the day of the time, lies from the first to the last day, both included; `nil` for no end.
    case isDated(from: CalendarDate?, until: CalendarDate?)
  }

  /// The column.
  public let column: String
  /// What is asked of it.
  public let test: Test

  /// Checks a condition.
  ///
  /// - Throws: ``StatisticsError`` when it names no keys, or a range without an end or out of order.
  public init(column: String, _ test: Test) throws(StatisticsError) {
    switch test {
    case .isOneOf(let keys), .isNoneOf(let keys):
      guard !keys.isEmpty, keys.count <= 65_536 else { throw .query("filter", "must name 1 to 65536 keys") }
    case .isPresent: break
    case .isDated(let first, let last):
      guard first != nil || last != nil else { throw .query("filter", "needs from or until") }
      if let first, let last, last < first { throw .query("filter", "must have its ends in order") }
    case .isWithin(let low, let high):
      guard low != nil || high != nil else { throw .query("filter", "needs in, not_in, at_least or at_most") }
      if let low, let high, high < low { throw .query("filter", "must have its ends in order") }
    }
    self.column = column
    self.test = test
  }
}

/// A filter as hot loops read it.
struct RowCondition: Sendable {
  private let column: Int
  private let keys: KeyTable?
  private let wanted: Bool
  private let isPresence: Bool
  private let low: Rational?
  private let high: Rational?
  private let days: ClosedRange<Int>?

  init(_ filter: RowFilter, column: Int) {
    self.column = column
    isPresence = filter.test == .isPresent
    switch filter.test {
    case .isPresent: (keys, wanted, low, high) = (nil, true, nil, nil)
    case .isOneOf(let names): (keys, wanted, low, high) = (KeyTable(names), true, nil, nil)
    case .isNoneOf(let names): (keys, wanted, low, high) = (KeyTable(names), false, nil, nil)
    case .isWithin(let least, let most): (keys, wanted, low, high) = (nil, true, least, most)
    case .isDated: (keys, wanted, low, high) = (nil, true, nil, nil)
    }
    if case .isDated(let first, let last) = filter.test {
      days = (first?.days ?? .min)...(last?.days ?? .max)
    } else {
      days = nil
    }
  }

  /// Whether a row meets the condition.
  func holds(_ fields: RowDecoder.Fields) throws(RowDecoder.Problem) -> Bool {
    if isPresence {
      guard let (_, length) = unsafe fields[column] else { return false }
      return length > 0
    }
    if let keys {
      let (text, length) = unsafe try fields.text(column)
      return unsafe (keys.index(of: text, length) >= 0) == wanted
    }
    let (text, length) = unsafe try fields.number(column)
    if let days {
      if length == 0 { throw .missing(column: column) }
      guard let time = unsafe Timestamp(UnsafeRawBufferPointer(start: text, count: length)) else {
        throw .notDate(column: column)
      }
      return days.contains(time.date.days)
    }
    guard let decimal = unsafe DecimalText(UnsafeRawBufferPointer(start: text, count: length)) else {
      throw length == 0 ? .missing(column: column) : .notNumber(column: column)
    }
    let value = decimal.value
    if let low, value < low { return false }
    if let high, high < value { return false }
    return true
  }
}
