private import CKernels
public import SecureRandom

/// What hostile clients send instead of their updates, to test robust rules with.
///
/// Attackers know the honest updates of the round. With μ their mean and s their standard deviation in every coordinate:
public enum UpdateAttack: Sendable, Hashable {
  /// −scale times the own update.
  case signFlip(scale: Double)
  /// The own update, trained on labels y → C − 1 − y.
  case labelFlip
  /// The own update with bits 22 and 30 to 32 of every value's Float32 inverted (Xie, Koyejo and Gupta 2018); the step
  /// of the grid says what a value is.
  case bitFlip(step: Double)
  /// `scale` times the update trained on examples of which every second carries a trigger and the first class
  /// (Bagdasaryan, Veit, Hua, Estrin and Shmatikov 2020).
  case backdoor(scale: Double)
  /// `scale` times the update trained on flipped labels (model replacement, Bagdasaryan et al. 2020).
  case scaled(scale: Double)
  /// Normal noise of this deviation in every coordinate, in grid steps.
  case gaussian(deviation: Double)
  /// −scale·μ, the inner-product manipulation (Xie, Koyejo and Gupta 2019).
  case innerProduct(scale: Double)
  /// μ − z·s, "a little is enough" (Baruch, Baruch and Goldberg 2019); z from the numbers of clients unless given.
  case littleIsEnough(z: Double?)
  /// μ − γs with the largest γ that keeps the distance to every honest update within the honest diameter
  /// (Shejwalkar and Houmansadr 2021).
  case minMax
  /// μ − γs with the largest γ that keeps the summed squared distances within the largest honest sum (the same).
  case minSum
  /// The first honest update, copied (Karimireddy et al. 2022).
  case mimic

  /// Whether attackers train on flipped labels.
  public var flipsLabels: Bool {
    switch self {
    case .labelFlip, .scaled: true
    default: false
    }
  }

  /// Training examples as attackers see them, nil when they see them as they are.
  func poisoned(_ data: LabeledData) -> LabeledData? {
    if flipsLabels { return data.withFlippedLabels }
    if case .backdoor = self { return data.withTrigger(every: 2) }
    return nil
  }

  /// What one attacker sends, in grid steps before rounding.
  ///
  /// - Parameters:
  ///   - own: the attacker's own update, trained as the attack asks.
  ///   - honest: the honest updates of the round; without any, every attack sends its own update.
  ///   - attackers: how many attackers there are in the round.
  public func forge(
    own: [Int32], honest: [[Int32]], attackers: Int, using generator: inout SimulationGenerator
  ) -> [Double] {
    switch self {
    case .labelFlip: return own.map(Double.init)
    case .bitFlip(let step):
      return own.map { value in
        let sent = Double(Float(bitPattern: Float(Double(value) * step).bitPattern ^ 0xe020_0000)) / step
        return sent.isFinite ? sent : 0x1p40
      }
    case .signFlip(let scale): return own.map { -scale * Double($0) }
    case .scaled(let scale), .backdoor(let scale): return own.map { scale * Double($0) }
    case .gaussian(let deviation): return own.map { _ in deviation * generator.normal() }
    default: break
    }
    guard let first = honest.first else { return own.map(Double.init) }
    if case .mimic = self { return first.map(Double.init) }
    let mean = RobustRule.mean(honest)
    switch self {
    case .innerProduct(let scale): return mean.map { -scale * $0 }
    case .littleIsEnough(let given):
      let z = given ?? UpdateAttack.quietDeviation(all: honest.count + attackers, bad: attackers)
      return zip(mean, UpdateAttack.deviation(honest, mean)).map { $0 - z * $1 }
    case .minMax, .minSum:
      let direction = UpdateAttack.deviation(honest, mean)
      let factor = largestFactor(honest, mean, direction)
      return zip(mean, direction).map { $0 - factor * $1 }
    default: return mean
    }
  }

  /// Φ⁻¹((n − f − s)/(n − f)) with s = ⌊n/2 + 1⌋ − f supporters still needed; at least zero.
  package static func quietDeviation(all n: Int, bad f: Int) -> Double {
    guard n > f else { return 0 }
    let supporters = n / 2 + 1 - f
    let share = Double(n - f - supporters) / Double(n - f)
    guard share > 0.5, share < 1 else { return 0 }
    // Bisection on the normal law, whose values come from a series in elementary operations.
    var (low, high) = (0.0, 9.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if normalLaw(middle) < share { low = middle } else { high = middle }
    }
    return low
  }

  /// Φ(x) for x ≥ 0 as ½ + φ(x)·Σ x^(2k+1)/(1·3·…·(2k+1)) (Abramowitz and Stegun, 26.2.11).
  private static func normalLaw(_ x: Double) -> Double {
    var term = x
    var sum = x
    var odd = 3.0
    while term > 1e-18 * sum, odd < 2000 {
      term *= x * x / odd
      sum += term
      odd += 2
    }
    return 0.5 + sum * tacit_exp(-x * x / 2) * 0.398942280401432677939946
  }

  /// The standard deviation of every coordinate, over n − 1.
  private static func deviation(_ updates: [[Int32]], _ mean: [Double]) -> [Double] {
    var squares = [Double](repeating: 0, count: mean.count)
    for update in updates {
      for index in squares.indices {
        let difference = Double(update[index]) - mean[index]
        squares[index] += difference * difference
      }
    }
    let divisor = Double(max(1, updates.count - 1))
    return squares.map { ($0 / divisor).squareRoot() }
  }

  /// The largest γ ≥ 0 that stays within the honest spread.
  ///
  /// ‖μ − γp − g_i‖² = ‖p‖²γ² − 2γ⟨μ − g_i, p⟩ + ‖μ − g_i‖² is a quadratic in γ for each honest g_i, and so is the sum
  /// over i, in which the middle term vanishes.
  private func largestFactor(_ honest: [[Int32]], _ mean: [Double], _ direction: [Double]) -> Double {
    let length = direction.reduce(0) { $0 + $1 * $1 }
    guard length > 0 else { return 0 }
    let distances = PairDistances(honest, threads: 1)
    let parts = honest.map { update in
      var (along, square) = (0.0, 0.0)
      for index in mean.indices {
        let difference = mean[index] - Double(update[index])
        along += difference * direction[index]
        square += difference * difference
      }
      return (along: along, square: square)
    }
    let all = honest.indices
    if case .minSum = self {
      let most = all.map { i in all.reduce(0.0) { $0 + Double(distances[i, $1]) } }.max() ?? 0
      let spread = parts.reduce(0) { $0 + $1.square }
      return (max(0, most - spread) / (length * Double(honest.count))).squareRoot()
    }
    let diameter = all.map { i in all.map { Double(distances[i, $0]) }.max() ?? 0 }.max() ?? 0
    let factors = parts.map { part in
      (part.along + max(0, part.along * part.along - length * (part.square - diameter)).squareRoot()) / length
    }
    return max(0, factors.min() ?? 0)
  }
}
