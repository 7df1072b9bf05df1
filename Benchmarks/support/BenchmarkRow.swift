/// One size of one subject, over all repetitions.
public struct BenchmarkRow: Codable, Sendable, Hashable {
  /// The subject.
  public var name: String
  /// How many items one repetition handles.
  public var size: Int
  /// What an item is.
  public var unit: String
  /// Median processor seconds of a repetition, all threads together.
  public var seconds: Double
  /// The lower quartile.
  public var lower: Double
  /// The upper quartile.
  public var upper: Double
  /// The standard deviation over the mean.
  public var variation: Double
  /// Timed repetitions.
  public var repetitions: Int
  /// Bytes that one repetition makes or reads, where that is a question.
  public var bytes: Int?

  /// Items a second.
  public var throughput: Double { Double(size) / seconds }

  init(name: String, size: Int, unit: String, bytes: Int?, times: [Double]) {
    let sorted = times.sorted()
    func quantile(_ share: Double) -> Double { sorted[Int((share * Double(sorted.count - 1)).rounded())] }
    let mean = sorted.reduce(0, +) / Double(sorted.count)
    let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.name = name
    self.size = size
    self.unit = unit
    self.bytes = bytes
    seconds = quantile(0.5)
    lower = quantile(0.25)
    upper = quantile(0.75)
    variation = sorted.count > 1 ? (squares / Double(sorted.count - 1)).squareRoot() / mean : 0
    repetitions = sorted.count
  }
}

/// How the time of a subject grows: time ∝ size^exponent, by least squares on logarithms.
public struct BenchmarkGrowth: Codable, Sendable, Hashable {
  /// The subject.
  public var name: String
  /// The fitted exponent.
  public var exponent: Double
}

/// Everything of one run: what `--json FILE` writes and `--compare FILE` reads.
public struct BenchmarkRun: Codable, Sendable, Hashable {
  /// The day, `YYYY-MM-DD`.
  public var date: String
  /// The processor's own name.
  public var processor: String
  /// The measured sizes.
  public var rows: [BenchmarkRow]
  /// The fitted exponents.
  public var growth: [BenchmarkGrowth]

  /// The subjects and sizes that take more than `tolerance` times as long as in an earlier run.
  public func slower(than earlier: BenchmarkRun, tolerance: Double) -> [String] {
    rows.compactMap { row in
      guard let old = earlier.rows.first(where: { $0.name == row.name && $0.size == row.size }),
        row.seconds > old.seconds * tolerance
      else { return nil }
      let ratio = (row.seconds / old.seconds * 100).rounded() / 100
      return "\(row.name), \(row.size) \(row.unit): \(ratio) times the earlier time"
    }
  }
}
