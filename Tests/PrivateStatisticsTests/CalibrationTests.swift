import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

/// How often intervals hold the truth about the bounded table, for every kind of answer.
///
/// Groups of known contents are answered side by side with independent noise, so that one release gives many trials. The
/// truths are textbook statistics of the clamped values, which are on the grids, computed here and not by the library.
/// `TACIT_COVERAGE=RELEASES` asks for so many trials of every answer about every group and prints the table; the tests
/// alone take fewer kinds of groups. `scripts/check-coverage` does the former.
@Suite struct `Calibration` {
  /// The contents of one kind of group.
  struct Contents {
    let name: String
    let rows: [(x: Int, y: Int)]

    /// Values as they are.
    var raw: [(x: Double, y: Double)] { rows.map { (Double($0.x), Double($0.y)) } }

    /// Values clamped to 0 … 20 and 0 … 70.
    var clamped: [(x: Double, y: Double)] {
      rows.map { (Double(min(max($0.x, 0), 20)), Double(min(max($0.y, 0), 70))) }
    }

    static let spread = Contents(name: "spread", rows: (0..<61).map { ($0 % 21, 3 * ($0 % 21) + $0 % 7) })
    /// Two in three rows lie outside the ranges.
    static let outside = Contents(name: "clamped", rows: (0..<61).map { (($0 % 7 - 1) * 10, $0 % 5 * 40) })
    static let all = [
      spread, outside, Contents(name: "empty", rows: []), Contents(name: "one row", rows: [(13, 7)]),
      Contents(name: "five rows", rows: [(0, 70), (20, 1), (3, 3), (9, 0), (20, 70)]),
      Contents(name: "one value", rows: (0..<61).map { _ in (0, 70) }),
    ]
  }

  /// What is asked, and what is true of some contents: `nil` where there is no truth.
  struct Question {
    let metric: Metric
    /// Whether the truth is about values as they are, for want of a range.
    var readsRaw = false
    let truths: ([(x: Double, y: Double)]) -> [Double?]
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
  private static func covariance(_ rows: [(x: Double, y: Double)]) -> Double {
    mean(rows.map { $0.x * $0.y }) - mean(rows.map(\.x)) * mean(rows.map(\.y))
  }
  private static func variance(_ rows: [(x: Double, y: Double)]) -> Double { covariance(rows.map { ($0.x, $0.x) }) }
  /// The row in which the share is reached; the counts here are prime to the shares, so that there is one.
  private static func quantile(_ rows: [(x: Double, y: Double)], _ share: Double) -> Double? {
    rows.isEmpty ? nil : rows.map(\.x).sorted()[Int(share * Double(rows.count))]
  }

  private static func cheap() throws -> [Question] {
    let grid: ClosedRange<Rational> = 0...20
    func moment(
      _ kind: Metric.Kind, _ truth: @escaping ([(x: Double, y: Double)]) -> Double
    ) throws -> Question {
      Question(metric: try Metric(name: kind.rawValue, kind: kind, column: "x", range: grid)) {
        [$0.isEmpty ? nil : truth($0)]
      }
    }
    return [
      Question(metric: try Metric(name: "count", kind: .count)) { [Double($0.count)] },
      Question(metric: try Metric(name: "units", kind: .units)) { [Double($0.count)] },
      Question(metric: try Metric(name: "sum", kind: .sum, column: "x", range: grid, step: 1)) {
        [$0.map(\.x).reduce(0, +)]
      },
      Question(metric: try Metric(name: "vector-sum", kind: .vectorSum, range: grid, step: 1, columns: ["x", "y"])) {
        rows in
        [rows.map(\.x).reduce(0, +), rows.map { min($0.y, 20) }.reduce(0, +)]
      },
      try moment(.mean) { mean($0.map(\.x)) }, try moment(.variance, variance),
      try moment(.deviation) { max(0, variance($0)).squareRoot() },
      Question(metric: try Metric(name: "histogram", kind: .histogram, column: "x", edges: [0, 5, 10, 20])) { rows in
        [
          Double(rows.count { $0.x < 5 }), Double(rows.count { $0.x >= 5 && $0.x < 10 }),
          Double(rows.count { $0.x >= 10 }),
        ]
      },
      Question(
        metric: try Metric(
          name: "covariance", kind: .covariance, column: "x", range: grid, with: "y", withRange: 0...70)
      ) { [$0.isEmpty ? nil : covariance($0)] },
      Question(
        metric: try Metric(
          name: "regression", kind: .regression, column: "x", range: grid, with: "y", withRange: 0...70)
      ) { rows in
        let variance = rows.isEmpty ? 0 : variance(rows)
        guard variance > 1e-9 else { return [nil, nil] }
        let slope = covariance(rows) / variance
        return [slope, mean(rows.map(\.y)) - slope * mean(rows.map(\.x))]
      },
      Question(metric: try Metric(name: "bounds", kind: .bounds, column: "x"), readsRaw: true) { rows in
        [rows.map(\.x).min(), rows.map(\.x).max()]
      },
    ]
  }

  private static func trees() throws -> [Question] {
    func tree(
      _ kind: Metric.Kind, _ shares: [Rational] = [], _ truth: @escaping ([(x: Double, y: Double)]) -> [Double?]
    )
      throws -> Question
    {
      Question(
        metric: try Metric(name: kind.rawValue, kind: kind, column: "x", range: 0...20, at: shares), truths: truth)
    }
    return [
      try tree(.quantile, [rational("0.07"), rational("0.9")]) { [quantile($0, 0.07), quantile($0, 0.9)] },
      try tree(.median) { [quantile($0, 0.5)] },
      try tree(.minimum) { [$0.map(\.x).min()] }, try tree(.maximum) { [$0.map(\.x).max()] },
    ]
  }

  /// Answers, and how often their intervals held the truth.
  struct Line {
    let name: String
    let contents: String
    let law: String
    var trials = 0
    var hits = 0
    /// How often the interval held the statistic of the values as they were before clamping, where that is another.
    var unclampedHits = 0
    var isClamped = false
    var errors = 0.0
  }

  /// Asks the questions about groups of every kind, each `trials` times.
  private static func lines(
    _ questions: [Question], _ kinds: [Contents], _ noise: NoiseChoice, trials: Int, epsilon: String = "12"
  ) throws -> [Line] {
    let groups = max(1, min(500, trials) / kinds.count) * kinds.count
    let keys = (0..<groups).map { "k\($0)" }
    var table = "u,g,x,y\n"
    for (group, key) in keys.enumerated() {
      for (row, value) in kinds[group % kinds.count].rows.enumerated() {
        table += "\(group)-\(row),\(key),\(value.x),\(value.y)\n"
      }
    }
    // Every row is a unit of its own, so that units and rows are as many.
    let query = try Query(
      privacyUnit: .column("u"), epsilon: Epsilon(epsilon), delta: Delta("0.000001"),
      bounds: ContributionBounds(groupsPerUnit: 1, rowsPerGroup: 1), groupBy: [GroupColumn(column: "g", keys: keys)],
      metrics: questions.map(\.metric), noise: noise)
    let truths = kinds.map { kind in questions.flatMap { $0.truths($0.readsRaw ? kind.raw : kind.clamped) } }
    let unclamped = kinds.map { kind in questions.flatMap { $0.truths(kind.raw) } }
    let partial = try accumulator(query, [table]).partial()
    let names = query.metrics.flatMap(\.outputNames)
    var lines = kinds.map { kind in
      names.map { Line(name: $0, contents: kind.name, law: noise == .gaussian ? "Gaussian" : "Laplace") }
    }
    while lines[0][0].trials < trials {
      let answer = try Accumulator(partial: partial, of: query, name: "p").release(
        charging: RecordingBudget(), label: "calibration")
      for (group, row) in answer.rows.enumerated() {
        let kind = group % kinds.count
        for (index, value) in row.values.enumerated() {
          lines[kind][index].trials += 1
          guard let truth = truths[kind][index] else { continue }
          // Textbook statistics in floating point are off by some units in the last place.
          let slack = 1e-9 * max(1, abs(truth))
          if value.lowValue <= truth + slack, truth - slack <= value.highValue { lines[kind][index].hits += 1 }
          lines[kind][index].errors += value.value - truth
          if let before = unclamped[kind][index], abs(before - truth) > 1e-9 {
            lines[kind][index].isClamped = true
            if value.lowValue <= before, before <= value.highValue { lines[kind][index].unclampedHits += 1 }
          }
        }
      }
    }
    return zip(lines, truths).flatMap { lines, truths in zip(lines, truths).filter { $1 != nil }.map(\.0) }
  }

  /// The chance of so few hits, or fewer, were every one to come with chance 0.95.
  private static func tail(_ hits: Int, _ trials: Int) -> Double {
    var logarithms: [Double] = []
    let n = Double(trials)
    for k in max(0, hits - 2_000)...hits {
      let choose = lgamma(n + 1) - lgamma(Double(k) + 1) - lgamma(n - Double(k) + 1)
      logarithms.append(choose + Double(k) * log(0.95) + (n - Double(k)) * log(0.05))
    }
    return min(1, logarithms.map { exp($0) }.reduce(0, +))
  }

  private static func print(_ lines: [Line]) {
    func cell(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
    Swift.print(
      cell("answer", 22) + cell("group", 12) + cell("noise", 10) + cell("releases", 10) + cell("coverage", 10)
        + cell("P[so few]", 11) + "mean error; of the clamping bias: coverage of the unclamped value")
    for line in lines {
      let coverage = String(format: "%.4f", Double(line.hits) / Double(line.trials))
      let chance = String(format: "%.1e", tail(line.hits, line.trials))
      let outside = line.isClamped ? String(format: "; %.4f", Double(line.unclampedHits) / Double(line.trials)) : ""
      let error = String(format: "%.3g", line.errors / Double(line.trials))
      Swift.print(
        cell(line.name, 22) + cell(line.contents, 12) + cell(line.law, 10) + cell("\(line.trials)", 10)
          + cell(coverage, 10) + cell(chance, 11) + error + outside)
    }
  }

  private static let releases = ProcessInfo.processInfo.environment["TACIT_COVERAGE"].flatMap { Int($0) }

  @Test(arguments: [NoiseChoice.laplace, .gaussian])
  func `intervals of sums moments and pairs cover the bounded truth in ten thousand releases`(
    _ noise: NoiseChoice
  ) throws {
    let questions = try Calibration.cheap()
    let kinds = Calibration.releases == nil ? [noise == .laplace ? .outside : .spread] : Contents.all
    // Formulas do not know the law: fewer trials tell that Gaussian bounds are the right ones.
    let fast = noise == .laplace ? 10_000 : 2_000
    let lines = try Calibration.lines(questions, kinds, noise, trials: Calibration.releases ?? fast)
    if Calibration.releases != nil { Calibration.print(lines) }
    // False alarms: at most 1e-12 a line and below 100 lines.
    for line in lines { #expect(Calibration.tail(line.hits, line.trials) > 1e-12, "\(line.name) of \(line.contents)") }
    // Where clamping bites, the interval of the sum is about the clamped values: the raw sum is far outside.
    guard let sum = lines.first(where: { $0.name == "sum" && $0.contents == "clamped" }) else {
      #expect(noise == .gaussian && Calibration.releases == nil)
      return
    }
    #expect(sum.isClamped && Double(sum.unclampedHits) < 0.01 * Double(sum.trials))
    // At ε = 12/11 for 20 the noise has deviation below 26; ten deviations of the mean have probability below 1e-15.
    #expect(abs(sum.errors) < 260 * Double(sum.trials).squareRoot())
  }

  @Test func `intervals of quantiles and extremes cover the bounded truth in ten thousand releases`() throws {
    let questions = try Calibration.trees()
    let isFast = Calibration.releases == nil
    for noise in isFast ? [NoiseChoice.laplace] : [.laplace, .gaussian] {
      // Extremes have ten thousand releases in a test of their own.
      let lines = try Calibration.lines(
        isFast ? Array(questions[..<1]) : questions, isFast ? [.spread] : Contents.all, noise,
        trials: Calibration.releases ?? 10_000, epsilon: isFast ? "3" : "12")
      if !isFast { Calibration.print(lines) }
      for line in lines {
        #expect(Calibration.tail(line.hits, line.trials) > 1e-12, "\(line.name) of \(line.contents)")
      }
    }
  }
}
