/// One number of a release: the answer and its 95 % interval.
public struct ReleasedValue: Sendable, Hashable, Codable {
  /// The answer, exact where it is a count or a sum: decimal text.
  public let text: String
  /// The lower end of the interval.
  public let low: String
  /// The upper end of the interval.
  public let high: String

  init(text: String, low: String, high: String) {
    self.text = text
    self.low = low
    self.high = high
  }

  /// The answer as the nearest double.
  public var value: Double { Double(text) ?? .nan }
  /// The lower end as the nearest double.
  public var lowValue: Double { Double(low) ?? .nan }
  /// The upper end as the nearest double.
  public var highValue: Double { Double(high) ?? .nan }
}

/// The answers of a release: one row for each group, in the order of the declared keys.
public struct ReleasedTable: Sendable, Hashable, Codable {
  /// One group's answers.
  public struct Row: Sendable, Hashable, Codable {
    /// The group's keys, one for each grouping column.
    public let keys: [String]
    /// The answers, one for each of ``ReleasedTable/names``.
    public let values: [ReleasedValue]
  }

  /// The grouping columns.
  public let groupColumns: [String]
  /// The answers' names.
  public let names: [String]
  /// The groups.
  public let rows: [Row]
  /// How many units had a row left out as unusable, where the query asks for it: noisy like the answers.
  public let dropped: ReleasedValue?
}
