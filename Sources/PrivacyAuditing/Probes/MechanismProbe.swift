private import Glibc

/// Looks at a mechanism where no distance between distributions shows: at the bits, the clock, errors and repetition.
///
/// A finding is a reason to look, with the probability that honest noise would show as much; the verdict about ε is
/// ``MechanismAudit``'s.
public struct MechanismProbe: Sendable {
  /// What one probe saw.
  public struct Finding: Sendable, Hashable {
    /// `precision`, `seed-reuse`, `averaging`, `timing` or `error-channel`.
    public let probe: String
    /// Whether something is wrong.
    public let isSuspect: Bool
    /// What was seen, in one line.
    public let detail: String
    /// What to do about it; empty when nothing is wrong.
    public let remedy: String
  }

  /// What a target says of the data by failing on one of two neighbours.
  public static let unevenErrors = Finding(
    probe: "error-channel", isSuspect: true,
    detail: "one of two neighbouring data sets is answered, the other ends in an error",
    remedy: "An error that depends on data is an answer without noise: clamp, or answer with noise as always.")

  /// Outputs looked at by each probe.
  public let samples: Int
  /// Probability that a probe with a test suspects honest noise.
  public let alpha: Double

  /// A probe.
  ///
  /// - Throws: ``AuditError`` for fewer than 100 samples, or alpha outside (0, 1).
  public init(samples: Int = 4_000, alpha: Double = 1e-4) throws(AuditError) {
    guard samples >= 100 else { throw AuditError(.invalidSetting, "samples: at least 100 are needed by probes") }
    guard alpha > 0, alpha < 1 else { throw AuditError(.invalidSetting, "alpha: must lie in (0, 1)") }
    self.samples = samples
    self.alpha = alpha
  }

  /// Runs every probe on a pair; a target that fails on one data set only is itself a finding.
  ///
  /// - Throws: ``AuditError`` when the target fails on both.
  public func run(_ target: inout some AuditTarget, pair: AdjacentPair) throws(AuditError) -> [Finding] {
    let first = attempt(&target, pair.first)
    let second = attempt(&target, pair.second)
    switch (first, second) {
    case (.success(let a), .success(let b)):
      let again = try answers(&target, pair.second)
      return [
        MechanismProbe.precision(a, b), seedReuse(a, b, again), averaging(b), try timing(&target, pair),
        Finding(probe: "error-channel", isSuspect: false, detail: "both data sets are answered", remedy: ""),
      ]
    case (.failure(let error), .failure): throw error
    case (.failure, .success), (.success, .failure):
      return [MechanismProbe.unevenErrors]
    }
  }

  private func attempt(_ target: inout some AuditTarget, _ dataset: [Double]) -> Result<[Double], AuditError> {
    do throws(AuditError) { return .success(try answers(&target, dataset)) } catch { return .failure(error) }
  }

  private func answers(_ target: inout some AuditTarget, _ dataset: [Double]) throws(AuditError) -> [Double] {
    try MechanismAudit.checked(target.outputs(of: dataset, count: samples), count: samples)
  }

  /// The coarsest power of two of which all outputs are multiples; noise on a grid has one, floating-point noise has
  /// bits as far down as the smallest output allows.
  static func precision(_ a: [Double], _ b: [Double]) -> Finding {
    func grid(_ values: [Double]) -> Int {
      values.reduce(1_024) { least, value in
        value == 0 ? least : min(least, Int(value.exponent) - 52 + value.significandBitPattern.trailingZeros)
      }
    }
    let (first, second) = (grid(a), grid(b))
    let fine = (a + b).count { $0 != 0 && $0.significandBitPattern.trailingZeros < 2 }
    let isFull = Double(fine) > 0.2 * Double(a.count + b.count)
    let isUneven = abs(first - second) > 8 && min(first, second) < -40
    let text = "outputs are multiples of 2^\(first) and 2^\(second)"
    guard isFull || isUneven else {
      return Finding(probe: "precision", isSuspect: false, detail: text, remedy: "")
    }
    return Finding(
      probe: "precision", isSuspect: true,
      detail: text + ", down to the last bits of a double: the mark of noise made in floating point",
      remedy: "Put answers and noise on a grid that does not depend on data (Mironov 2012).")
  }

  private func seedReuse(_ a: [Double], _ b: [Double], _ again: [Double]) -> Finding {
    let remedy = "Draw fresh noise for every release, from a generator that is seeded once by the system."
    if b == again, Set(b).count > 1 {
      return Finding(
        probe: "seed-reuse", isSuspect: true, detail: "two requests were answered with the same numbers", remedy: remedy
      )
    }
    let shifts = Set(zip(a, b).map { ($1 - $0) })
    if shifts.count <= max(2, samples / 100), Set(a).count > 20 {
      return Finding(
        probe: "seed-reuse", isSuspect: true,
        detail: "the outputs of neighbouring data sets differ by a few constants: the noise is the same",
        remedy: remedy)
    }
    let half = b.count / 2
    if Array(b[..<half]) == Array(b[half..<2 * half]), Set(b).count > 1 {
      return Finding(probe: "seed-reuse", isSuspect: true, detail: "the noise repeats itself", remedy: remedy)
    }
    return Finding(probe: "seed-reuse", isSuspect: false, detail: "no noise was seen twice", remedy: "")
  }

  /// Whether outputs follow each other independently: the correlation of ranks of neighbours is about N(0, 1/n).
  private func averaging(_ values: [Double]) -> Finding {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    for (rank, index) in order.enumerated() { ranks[index] = Double(rank) }
    let isConstant = values.first == values.last && Set(values).count == 1
    let middle = Double(values.count - 1) / 2
    var (product, square) = (0.0, 0.0)
    for index in ranks.indices.dropLast() { product += (ranks[index] - middle) * (ranks[index + 1] - middle) }
    for rank in ranks { square += (rank - middle) * (rank - middle) }
    let z = product / square * Double(values.count).squareRoot()
    // Ties are ranked by position, which correlates neighbours; few different values are not tested.
    let isTested = Set(values).count > values.count / 2
    if isConstant {
      return Finding(
        probe: "averaging", isSuspect: true, detail: "every answer is the same: there is no noise, or one draw for all",
        remedy: "An answer that is kept must be charged once and never be drawn again for other data.")
    }
    guard isTested, abs(z) > -NormalLaw.quantile(alpha / 2) else {
      return Finding(
        probe: "averaging", isSuspect: false,
        detail: "successive answers are independent; n of them average to 1/√n of the noise and cost n times ε",
        remedy: "")
    }
    return Finding(
      probe: "averaging", isSuspect: true,
      detail: "successive answers are correlated, z = \((100 * z).rounded() / 100)",
      remedy: "Draw the noise of every answer independently.")
  }

  /// Time of short requests on both data sets, taken in turns, compared by Wilcoxon's rank sum.
  private func timing(_ target: inout some AuditTarget, _ pair: AdjacentPair) throws(AuditError) -> Finding {
    let rounds = 60
    let count = max(1, samples / 50)
    var times: [(seconds: Double, isSecond: Bool)] = []
    for round in 0..<rounds {
      // Which comes first changes in every round.
      for isSecond in round % 2 == 0 ? [false, true] : [true, false] {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        let start = Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
        _ = try target.outputs(of: isSecond ? pair.second : pair.first, count: count)
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        times.append((Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9 - start, isSecond))
      }
    }
    times.sort { $0.seconds < $1.seconds }
    let n = Double(rounds)
    let sum = times.enumerated().reduce(0.0) { $0 + ($1.element.isSecond ? Double($1.offset + 1) : 0) }
    let z = (sum - n * (2 * n + 1) / 2) / (n * n * (2 * n + 1) / 12).squareRoot()
    func median(_ wanted: Bool) -> Double {
      let part = times.filter { $0.isSecond == wanted }
      return part[part.count / 2].seconds
    }
    let ratio = median(true) / max(median(false), 1e-12)
    // A difference below five per cent hides in the network; the test alone would find a single cache line.
    let isSuspect = abs(z) > -NormalLaw.quantile(alpha / 2) && (ratio > 1.05 || ratio < 1 / 1.05)
    return Finding(
      probe: "timing", isSuspect: isSuspect,
      detail:
        "the second data set takes \((100 * ratio).rounded() / 100) times as long, z = \((10 * z).rounded() / 10)",
      remedy: isSuspect
        ? "Make the time independent of data: sample before looking at them, answer at a fixed pace (Jin et al. 2022)."
        : "")
  }
}

extension UInt64 {
  fileprivate var trailingZeros: Int { self == 0 ? 52 : trailingZeroBitCount }
}
