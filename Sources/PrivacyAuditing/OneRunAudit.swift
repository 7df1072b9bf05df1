private import Glibc

/// Bounds from one training run with many canaries, each included or not by its own fair coin.
///
/// An attacker guesses for some canaries whether they were included and abstains on the others; how many guesses are
/// made must be fixed before the outcome is seen.
///
/// Source: Steinke, Nasr and Jagielski, "Privacy auditing with one (1) training run", 2023 (Theorem 5.2);
/// Mahloujifar, Melis and Chaudhuri, "Auditing f-differential privacy in one run", 2024 (Algorithm 3).
public struct OneRunAudit: Sendable, Hashable {
  /// Canaries that had a coin.
  public let canaries: Int
  /// Guesses made, at most the canaries.
  public let guesses: Int
  /// Guesses that were right.
  public let right: Int

  /// The outcome of a run.
  ///
  /// - Throws: ``AuditError`` when the counts do not satisfy 0 ≤ right ≤ guesses ≤ canaries with at least one guess.
  public init(canaries: Int, guesses: Int, right: Int) throws(AuditError) {
    guard guesses >= 1, guesses <= canaries else {
      throw AuditError(.invalidSetting, "guesses: must lie in 1…canaries")
    }
    guard (0...guesses).contains(right) else { throw AuditError(.invalidSetting, "right: must lie in 0…guesses") }
    self.canaries = canaries
    self.guesses = guesses
    self.right = right
  }

  /// Guesses by score: the `guessIn` highest are said to be included, the `guessOut` lowest not.
  ///
  /// - Parameters:
  ///   - scores: One per canary; higher means more likely included.
  ///   - included: Whether each was.
  ///   - guessIn: How many to call included, fixed beforehand.
  ///   - guessOut: How many to call left out, fixed beforehand.
  /// - Throws: ``AuditError`` when the lengths differ or more guesses are asked than there are canaries.
  public init(scores: [Double], included: [Bool], guessIn: Int, guessOut: Int) throws(AuditError) {
    guard scores.count == included.count else {
      throw AuditError(.invalidSetting, "scores: one for each canary is needed")
    }
    guard guessIn >= 0, guessOut >= 0, guessIn + guessOut <= scores.count else {
      throw AuditError(.invalidSetting, "guesses: more than there are canaries")
    }
    let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    let right =
      order.prefix(guessIn).count { included[$0] } + order.suffix(guessOut).count { !included[$0] }
    try self.init(canaries: scores.count, guesses: guessIn + guessOut, right: right)
  }

  /// The largest ε refuted: an (ε, δ)-private run has at least this many right guesses with probability at most alpha.
  public func epsilonLowerBound(delta: Double, alpha: Double) -> Double {
    bisect { epsilon in pValue(epsilon: epsilon, delta: delta) <= alpha }
  }

  /// The largest ε refuted under the claim that the run is Gaussian differentially private; the ε is that of the
  /// Gaussian mechanism at delta.
  ///
  /// **What it refutes**: the trade-off curve of a Gaussian, not (ε, δ) of any other shape.
  public func gaussianEpsilonLowerBound(delta: Double, alpha: Double) -> Double {
    var low = 0.0
    var high = 40.0
    for _ in 0..<200 where high - low > 1e-7 {
      let middle = low + (high - low) / 2
      if refutesGaussian(mu: middle, alpha: alpha) { low = middle } else { high = middle }
    }
    return NormalLaw.epsilon(mu: low, delta: delta)
  }

  /// P[B ≥ right] + 2·canaries·δ·max over i of P[right > B ≥ right − i]/i for B ~ Bin(guesses, e^ε/(1 + e^ε)).
  private func pValue(epsilon: Double, delta: Double) -> Double {
    let law = BinomialLaw(trials: guesses, p: 1 / (1 + exp(-epsilon)))
    let base = law.tail(from: right)
    var worst = 0.0
    if delta > 0, right > 0 {
      for i in 1...right { worst = max(worst, (law.tail(from: right - i) - base) / Double(i)) }
    }
    return min(1, base + 2 * Double(canaries) * delta * worst)
  }

  private func refutesGaussian(mu: Double, alpha: Double) -> Bool {
    let k = Double(guesses)
    let m = Double(canaries)
    var r = alpha * Double(right) / m
    var h = alpha * Double(guesses - right) / m
    for i in stride(from: right - 1, through: 0, by: -1) {
      let next = max(h, NormalLaw.cdf(NormalLaw.quantile(r) - mu))
      if next <= h { break }
      r = min(1, r + Double(i) / (k - Double(i)) * (next - h))
      h = next
    }
    return r + h > k / m
  }

  private func bisect(_ refuted: (Double) -> Bool) -> Double {
    guard refuted(0) else { return 0 }
    var low = 0.0
    var high = 40.0
    for _ in 0..<100 where high - low > 1e-9 {
      let middle = low + (high - low) / 2
      if refuted(middle) { low = middle } else { high = middle }
    }
    return low
  }
}
