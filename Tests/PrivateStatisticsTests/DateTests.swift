import ExactMath
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

@Suite struct `Dates` {
  private func query(
    _ derived: [DerivedColumn], _ filters: [RowFilter] = [], onBadRow: BadRowPolicy = .reject
  ) throws
    -> Query
  {
    try Query(
      privacyUnit: .rows, epsilon: Epsilon(1), delta: Delta("1e-6"), groupBy: [GroupColumn(column: "part")],
      derived: derived, filters: filters, metrics: [Metric(name: "n", kind: .count)], onBadRow: onBadRow)
  }

  private func part(
    _ part: DatePart, _ from: String = "0001-01-01", _ until: String = "9999-12-31"
  ) throws -> DerivedColumn {
    let (first, last) = (try #require(CalendarDate(from)), try #require(CalendarDate(until)))
    return try DerivedColumn(name: "part", date: "when", part: part, range: first...last)
  }

  private func groups(_ question: Query, _ dates: [String]) throws -> [String] {
    try accumulator(question, ["when\n" + dates.joined(separator: "\n") + "\n"]).insecureTrueTable().rows.flatMap(
      \.keys)
  }

  @Test func `days count on from day to day over four centuries`() throws {
    var date = try #require(CalendarDate("1970-01-01"))
    #expect(date.days == 0 && date.weekday == 4)
    #expect(CalendarDate("0001-01-01")?.days == -719_162 && CalendarDate("9999-12-31")?.days == 2_932_896)
    #expect(CalendarDate("2000-03-01")?.days == 11_017)
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    for year in 1970..<2370 {
      let leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
      for month in 1...12 {
        for day in 1...(lengths[month - 1] + (month == 2 && leap ? 1 : 0)) {
          #expect(date.parts == (year, month, day))
          let next = try #require(CalendarDate(date.description))
          #expect(next.days == date.days)
          let end = month == 12 && day == 31
          date =
            end
            ? try #require(CalendarDate("\(year + 1)-01-01"))
            : try #require(
              CalendarDate(date.description, plus: 1, length: lengths[month - 1] + (month == 2 && leap ? 1 : 0)))
          #expect(date.days == next.days + 1)
        }
      }
    }
  }

  @Test func `parts of dates and times are what ISO 8601 says`() throws {
    let dates = ["2024-02-29", "2024-02-29T23:30:05.5Z", "2024-03-01T00:30+01:00", "2024-02-29 23:59"]
    for (kind, text) in [
      (DatePart.year, "2024"), (.quarter, "2024-Q1"), (.month, "2024-02"), (.day, "2024-02-29"), (.weekday, "4"),
      (.days, "19782"),
    ] { #expect(try groups(query([part(kind)]), dates) == [text]) }
    #expect(try groups(query([part(.hour)]), dates) == ["0", "23"])
    #expect(try groups(query([part(.seconds)]), ["1969-12-31T23:59:59.9"]) == ["-1"])
  }

  @Test func `a date that is none or out of range is a bad row named by its line`() throws {
    let bad = [
      "2023-02-29", "2024-13-01", "2024-1-1", "24-01-01", "2024-01-01T24:00", "2024-01-01T10:00:60", "2024-01-01T10",
      "2024-01-01T10:00+25:00", "2024-01-01x", "1969-12-31", "2025-01-01", "20240101", "2024-01-01T10:00:00.",
    ]
    for text in bad {
      let question = try query([part(.year, "1970-01-01", "2024-12-31")])
      let error = #expect(throws: StatisticsError.self) { _ = try groups(question, ["2024-12-31", text]) }
      #expect(error?.place == "test:3" && error?.code == .badRow)
      let isDate = ["1969-12-31", "2025-01-01"].contains(text)
      #expect(error?.reason.hasPrefix("column \"when\": ") == true)
      #expect(error?.reason.contains(isDate ? "outside the range declared for \"part\"" : "ISO 8601") == true)
      let dropping = try query([part(.year, "1970-01-01", "2024-12-31")], onBadRow: .drop)
      #expect(try groups(dropping, ["2024-12-31", text]) == ["2024"])
    }
  }

  @Test func `a filter keeps the days from the first to the last`() throws {
    let dates = (1...28).map { "2024-02-\($0 < 10 ? "0" : "")\($0)T12:00" }
    for (from, until, count) in [("2024-02-03", "2024-02-05", 3), (nil, "2024-02-05", 5), ("2024-02-20", nil, 9)] {
      let filter = try RowFilter(
        column: "when", .isDated(from: from.flatMap(CalendarDate.init), until: until.flatMap(CalendarDate.init)))
      #expect(try groups(query([part(.day)], [filter]), dates).count == count)
    }
    #expect(throws: StatisticsError.self) { try RowFilter(column: "when", .isDated(from: nil, until: nil)) }
  }
}

extension CalendarDate {
  /// The day after `text`, by the month's length.
  fileprivate init?(_ text: String, plus days: Int, length: Int) {
    let parts = text.split(separator: "-").compactMap { Int($0) }
    let isLast = parts[2] == length
    let (month, day) = isLast ? (parts[1] + 1, 1) : (parts[1], parts[2] + days)
    self.init("\(parts[0])-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)")
  }
}
