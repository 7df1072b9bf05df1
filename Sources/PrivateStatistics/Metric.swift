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
    /// The sums of several columns, each value clamped to the one range.
    case vectorSum = "vector-sum"
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
    /// A value that some rows surely reach from above: the least that the noise cannot explain away.
    case minimum
    /// A value that some rows surely reach from below: the greatest that the noise cannot explain away.
    case maximum
    /// Between which powers of two the column's values lie, for a range that nobody knows yet.
    case bounds
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
  /// The columns of a vector sum.
  public let vector: [String]
  /// The error that does not matter, in the answer's own measure; what an optimised split divides errors by.
  public let tolerance: Rational?
  /// What is done to the noisy answer.
  public let postProcessing: PostProcessing

  /// Checks that the metric has what its kind needs and nothing else.
  ///
  /// - Throws: ``StatisticsError`` naming the field.
  public init(
    name: String, kind: Kind, column: String? = nil, range: ClosedRange<Rational>? = nil,
    with other: String? = nil, withRange: ClosedRange<Rational>? = nil, step: Rational? = nil,
    at: [Rational] = [], edges: [Rational] = [], keys: [String] = [], weight: Rational = 1,
    columns vector: [String] = [], tolerance: Rational? = nil,
    postProcessing: PostProcessing = .none
  ) throws(StatisticsError) {
    guard !name.isEmpty, name.utf8.count <= 256 else { throw .query("name", "must be 1 to 256 bytes") }
    guard weight.signum > 0 else { throw .query("weight", "must be above 0") }
    let needsColumn = ![.count, .units, .vectorSum].contains(kind)
    guard needsColumn == (column != nil) else {
      throw .query("column", needsColumn ? "is needed" : "does not belong to \(kind.rawValue)")
    }
    let isPair = kind == .covariance || kind == .regression
    let needsRange =
      isPair || [.sum, .vectorSum, .mean, .variance, .deviation].contains(kind) || kind.readsTree
    guard isPair == (other != nil), isPair == (withRange != nil) else {
      throw .query("with", isPair ? "is needed, with with_range" : "does not belong to \(kind.rawValue)")
    }
    guard other == nil || other != column else { throw .query("with", "must name another column") }
    guard needsRange == (range != nil) else {
      throw .query("range", needsRange ? "is needed" : "does not belong to \(kind.rawValue)")
    }
    guard step == nil || kind.takesStep else {
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
    guard (kind == .vectorSum) == !vector.isEmpty, vector.count <= 256, Set(vector).count == vector.count else {
      throw .query(
        "columns", kind == .vectorSum ? "must name 1 to 256 different columns" : "does not belong to \(kind.rawValue)")
    }
    let isLinear = [.count, .units, .sum, .vectorSum, .histogram].contains(kind)
    guard tolerance.map({ isLinear && $0.signum > 0 }) ?? true else {
      throw .query("tolerance", isLinear ? "must be above 0" : "does not belong to \(kind.rawValue)")
    }
    guard isLinear || postProcessing == .none else {
      throw .query("non_negative", "and round do not belong to \(kind.rawValue)")
    }
    guard !postProcessing.isNonNegative || (range?.lowerBound.signum ?? 0) >= 0 else {
      throw .query("non_negative", "needs a range without negative values")
    }
    self.vector = vector
    self.tolerance = tolerance
    self.postProcessing = postProcessing
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
  var columns: [String] { [column, other].compactMap { $0 } + vector }

  /// The result columns, without `_low` and `_high`.
  public var outputNames: [String] {
    switch kind {
    case .quantile: at.map { "\(name)_\($0.decimalDescription)" }
    case .histogram where keys.isEmpty:
      zip(edges, edges.dropFirst()).map { "\(name)_\($0.decimalDescription)_\($1.decimalDescription)" }
    case .vectorSum: vector.map { "\(name)_\($0)" }
    case .bounds: ["\(name)_least", "\(name)_most"]
    case .regression: ["\(name)_slope", "\(name)_intercept"]
    case .histogram: keys.map { "\(name)_\($0)" }
    default: [name]
    }
  }
}

extension Metric.Kind {
  /// Whether the answer comes from a tree of counts.
  var readsTree: Bool { [.quantile, .median, .minimum, .maximum].contains(self) }

  /// Whether the grid's step may be chosen.
  var takesStep: Bool { [.sum, .vectorSum, .mean].contains(self) }

  /// The number of grid steps, in bits, that the larger end of the range gets when no step is given.
  var resolution: Int {
    switch self {
    // Squares are summed too: half the bits keep them as small as sums are elsewhere.
    case .variance, .deviation, .covariance, .regression: 10
    default: 20
    }
  }
}
