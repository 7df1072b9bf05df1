/// One size of one subject, over all repetitions.
public struct BenchmarkRow: Codable, Sendable, Hashable {
  /// The subject.
  public var name: String
  /// Who does it: `Tacit`, or a peer with its version.
  public var by: String
  /// How many items one repetition handles.
  public var size: Int
  /// What an item is.
  public var unit: String
  /// Which clock the times are of: `processor` (all threads together) or `wall`.
  public var clock: String
  /// Timed repetitions.
  public var repetitions: Int
  /// Median seconds of a repetition; nil where there is nothing to time, and then a note says why.
  public var seconds: Double?
  /// The lower quartile.
  public var lower: Double?
  /// The upper quartile.
  public var upper: Double?
  /// The standard deviation over the mean.
  public var variation: Double?
  /// Items a second, from the median.
  public var itemsPerSecond: Double?
  /// Bytes that one repetition makes, reads or sends, where that is a question.
  public var bytes: Int?
  /// Bytes a second, from the median.
  public var bytesPerSecond: Double?
  /// Median seconds by the other clock, where both are kept.
  public var otherSeconds: Double?
  /// Calls of the allocator in one repetition, where they are counted.
  public var allocations: Int?
  /// User-mode instructions of one repetition on its thread, where the machine counts them.
  public var instructions: Int?
  /// The most memory while it ran, in MiB, where that is a question.
  public var megabytes: Int?
  /// The time that the project set itself.
  public var target: Double?
  /// What else is to be said: why there is no time, or what was computed.
  public var note: String?

  /// Sums up repetitions.
  ///
  /// - Parameters:
  ///   - name: The subject.
  ///   - by: Who does it.
  ///   - size: How many items one repetition handles; at least one.
  ///   - unit: What an item is.
  ///   - times: Seconds of each repetition.
  ///   - clock: Which clock gave them.
  ///   - bytes: What one repetition makes, reads or sends.
  ///   - target: The time that was aimed at.
  ///   - note: What else is to be said.
  public init(
    _ name: String, by: String = "Tacit", size: Int = 1, unit: String, times: [Double], clock: String = "processor",
    bytes: Int? = nil, target: Double? = nil, note: String? = nil
  ) {
    let sorted = times.filter(\.isFinite).sorted()
    self.name = name
    self.by = by
    self.size = max(size, 1)
    self.unit = unit
    self.clock = clock
    self.bytes = bytes
    self.target = target
    self.note = note
    repetitions = sorted.count
    guard !sorted.isEmpty else { return }
    func quantile(_ share: Double) -> Double { sorted[Int((share * Double(sorted.count - 1)).rounded())] }
    let mean = sorted.reduce(0, +) / Double(sorted.count)
    let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let median = max(quantile(0.5), 1e-12)
    seconds = median
    lower = quantile(0.25)
    upper = quantile(0.75)
    variation = sorted.count > 1 && mean > 0 ? (squares / Double(sorted.count - 1)).squareRoot() / mean : 0
    itemsPerSecond = Double(self.size) / median
    bytesPerSecond = bytes.map { Double($0) / median }
  }

  /// Median seconds an item.
  public var secondsPerItem: Double? { seconds.map { $0 / Double(size) } }
}

/// How the time of a subject grows: time ∝ size^exponent, by least squares on logarithms.
public struct BenchmarkGrowth: Codable, Sendable, Hashable {
  /// The subject.
  public var name: String
  /// The fitted exponent.
  public var exponent: Double
}

/// A number that is not a time: a ratio, a correlation, an accuracy.
public struct BenchmarkFigure: Codable, Sendable, Hashable {
  /// What it is of.
  public var name: String
  /// The number.
  public var value: Double
  /// Its unit, or empty.
  public var unit: String
  /// What the project wants of it, in words.
  public var target: String?
}

/// Everything of one run of one benchmark: what `--json` writes and `--compare` reads.
public struct BenchmarkRun: Codable, Sendable, Hashable {
  /// The form of this document.
  public static let form = "tacit-benchmark/1"

  /// `tacit-benchmark/1`.
  public var schema: String
  /// The benchmark, such as `noise`.
  public var benchmark: String
  /// What was asked for, without paths.
  public var arguments: [String]
  /// When it began, in UTC.
  public var date: String
  /// The processor's own name.
  public var processor: String
  /// How many processors this process may use.
  public var processors: Int
  /// The load average of the last minute when it began.
  public var load: Double
  /// Versions: `swift`, `system`, and those of the peers that took part.
  public var versions: [String: String]
  /// `counted` or `not available`.
  public var instructionCounts: String
  /// The measured sizes.
  public var rows: [BenchmarkRow]
  /// Numbers that are not times.
  public var figures: [BenchmarkFigure]
  /// The fitted exponents.
  public var growth: [BenchmarkGrowth]
  /// What else is to be said.
  public var notes: [String]

  /// Our own subjects and sizes that take more than `tolerance` times as long as in an earlier run.
  public func slower(than earlier: BenchmarkRun, tolerance: Double) -> [String] {
    rows.compactMap { row in
      guard row.by == "Tacit", let seconds = row.seconds,
        let old = earlier.rows.first(where: { $0.name == row.name && $0.size == row.size && $0.by == row.by }),
        let before = old.seconds, seconds > before * tolerance
      else { return nil }
      let ratio = (seconds / before * 100).rounded() / 100
      return "\(row.name), \(row.size) \(row.unit): \(ratio) times the earlier time"
    }
  }

  /// How many of our own rows an earlier run has too.
  public func common(with earlier: BenchmarkRun) -> Int {
    rows.count { row in
      row.by == "Tacit" && row.seconds != nil
        && earlier.rows.contains { $0.name == row.name && $0.size == row.size && $0.by == row.by && $0.seconds != nil }
    }
  }
}
