public import ExactMath

/// One question asked of every group.
public struct Metric: Sendable, Hashable {
  /// What is asked.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The number of rows.
    case count
    /// The number of different privacy units.
    case units
    /// The sum of a column, clamped to the range.
    case sum
    /// The mean of a column, clamped to the range.
    case mean
    /// The variance (divided by the count) of a column, clamped to the range.
    case variance
    /// The square root of the variance.
    case deviation = "standard-deviation"
    /// The rows in each bin of a numeric column, or with each key of a text column.
    case histogram
    /// The values below which given shares of the rows lie.
    case quantile
    /// The value below which half of the rows lie.
    case median
    /// The covariance (divided by the count) of two columns, both clamped to their ranges.
    case covariance
    /// The least-squares line of a second column over a first: slope and intercept.
    case regression
  }

  /// The name of the result.
  public let name: String
  /// What is asked.
  public let kind: Kind
  /// The column asked about.
  public let column: String?
  /// The column's values, onto which the data are clamped.
  public let grid: ValueGrid?
  /// The second column of a covariance or regression: the one that is explained.
  public let other: String?
  /// The second column's values.
  public let otherGrid: ValueGrid?
  /// The shares of a quantile metric, each in [0, 1].
  public let at: [Rational]
  /// Where bins begin and end, ascending: n + 1 edges for n bins; a value on an edge belongs to the bin above it,
  /// one outside to the nearest bin.
  public let edges: [Rational]
  /// The keys of a histogram over text; rows with another key are in no bin.
  public let keys: [String]
  /// The metric's share of the budget, in proportion to the other metrics' weights.
  public let weight: Rational

  /// Checks that the metric has what its kind needs and nothing else.
  ///
  /// - Throws: ``StatisticsError`` naming the field.
  public init(
    name: String, kind: Kind, column: String? = nil, range: ClosedRange<Rational>? = nil,
    with other: String? = nil, withRange: ClosedRange<Rational>? = nil, step: Rational? = nil,
    at: [Rational] = [], edges: [Rational] = [], keys: [String] = [], weight: Rational = 1
  ) throws(StatisticsError) {
    guard !name.isEmpty, name.utf8.count <= 256 else { throw .query("name", "must be 1 to 256 bytes") }
    guard weight.signum > 0 else { throw .query("weight", "must be above 0") }
    let needsColumn = kind != .count && kind != .units
    guard needsColumn == (column != nil) else {
      throw .query("column", needsColumn ? "is needed" : "does not belong to \(kind.rawValue)")
    }
    let isPair = kind == .covariance || kind == .regression
    let needsRange =
      isPair || [.sum, .mean, .variance, .deviation, .quantile, .median].contains(kind)
    guard isPair == (other != nil), isPair == (withRange != nil) else {
      throw .query("with", isPair ? "is needed, with with_range" : "does not belong to \(kind.rawValue)")
    }
    guard other == nil || other != column else { throw .query("with", "must name another column") }
    guard needsRange == (range != nil) else {
      throw .query("range", needsRange ? "is needed" : "does not belong to \(kind.rawValue)")
    }
    guard step == nil || [.sum, .mean].contains(kind) else {
      throw .query("step", "does not belong to \(kind.rawValue)")
    }
    guard (kind == .quantile) == !at.isEmpty, at.count <= 1_000 else {
      throw .query("at", kind == .quantile ? "must hold 1 to 1000 shares" : "does not belong to \(kind.rawValue)")
    }
    guard at.allSatisfy({ $0.signum >= 0 && $0 <= 1 }), zip(at, at.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw .query("at", "must be ascending shares from 0 to 1")
    }
    if kind == .histogram {
      guard edges.isEmpty != keys.isEmpty else { throw .query("edges", "a histogram needs either edges or keys") }
      guard edges.isEmpty || (2...65_536).contains(edges.count), keys.count <= 65_536 else {
        throw .query("edges", "must make 1 to 65535 bins")
      }
      guard zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .query("edges", "must ascend") }
      guard Set(keys.map { Array($0.utf8) }).count == keys.count else { throw .query("keys", "names a key twice") }
    } else {
      guard edges.isEmpty, keys.isEmpty else {
        throw .query(edges.isEmpty ? "keys" : "edges", "does not belong to \(kind.rawValue)")
      }
    }
    self.name = name
    self.kind = kind
    self.column = column
    self.at = at
    self.edges = edges
    self.keys = keys
    self.weight = weight
    if let range {
      grid = try ValueGrid(range: range, step: step, resolution: kind.resolution)
    } else {
      grid = nil
    }
    self.other = other
    if let withRange {
      otherGrid = try ValueGrid(range: withRange, step: nil, resolution: kind.resolution)
    } else {
      otherGrid = nil
    }
  }

  /// The columns read.
  var columns: [String] { [column, other].compactMap { $0 } }

  /// The result columns, without `_low` and `_high`.
  public var outputNames: [String] {
    switch kind {
    case .quantile: at.map { "\(name)_\($0.decimalDescription)" }
    case .histogram where keys.isEmpty:
      zip(edges, edges.dropFirst()).map { "\(name)_\($0.decimalDescription)_\($1.decimalDescription)" }
    case .regression: ["\(name)_slope", "\(name)_intercept"]
    case .histogram: keys.map { "\(name)_\($0)" }
    default: [name]
    }
  }
}

extension Metric.Kind {
  /// The number of grid steps, in bits, that the larger end of the range gets when no step is given.
  var resolution: Int {
    switch self {
    // Squares are summed too: half the bits keep them as small as sums are elsewhere.
    case .variance, .deviation, .covariance, .regression: 10
    default: 20
    }
  }
}
