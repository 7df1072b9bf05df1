import ExactMath
private import Glibc

/// The exact composition of finite laws with few outcomes: every distinct loss with its mass.
///
/// All terms are positive, so masses have a small relative error, and δ(ε) is a plain sum. Losses that agree to rounding
/// are one loss. This keeps bounds tight where a law has few wide atoms and no transform resolves it.
struct AtomicComposition: LossProfile {
  /// The most distinct losses, and the most products formed on the way.
  private static let most = 1 << 14
  private static let mostProducts = 1 << 23

  private var table = AtomTable(losses: [0], masses: [1], massError: 0, lossError: 0)
  private var infinity = 0.0
  let hasLower: Bool
  let range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude

  /// The composition; `nil` when it has too many outcomes.
  init?(_ laws: [(law: AtomicLaw, count: Int)]) {
    hasLower = laws.allSatisfy(\.law.isTight)
    var products = 0
    func convolve(_ a: AtomTable, _ b: AtomTable) -> AtomTable? {
      if a.losses == [0], a.masses == [1] { return b }
      let size = a.losses.count * b.losses.count
      products += size
      guard size <= AtomicComposition.mostProducts / 4, products <= AtomicComposition.mostProducts else { return nil }
      let result = a.convolved(with: b)
      return result.losses.count <= AtomicComposition.most ? result : nil
    }
    for (law, count) in laws {
      let widest = law.widest * Double(count)
      guard count <= AtomicComposition.most, law.atoms.count <= 4_096, widest < 1e5, widest > 1e-9 else { return nil }
      var power = AtomTable(losses: [0], masses: [1], massError: 0, lossError: 0)
      var square = AtomTable(
        losses: law.atoms.map(\.loss), masses: law.atoms.map(\.mass), massError: law.massError,
        lossError: law.lossError
      ).merged(within: 0x1p-44 * law.widest)
      var rest = count
      while true {
        if rest & 1 == 1 {
          guard let next = convolve(power, square) else { return nil }
          power = next
        }
        rest >>= 1
        if rest == 0 { break }
        guard let next = convolve(square, square) else { return nil }
        square = next
      }
      guard let next = convolve(table, power) else { return nil }
      table = next
      infinity += Double(count) * law.infinity * (1 + 1e-12)
    }
    table.massError += 0x1p-52 * Double(table.losses.count + 16)
    guard table.massError < 1e-3 else { return nil }
  }

  /// Σ over losses above ε of m(1 − e^(ε − ℓ)).
  private func sum(_ epsilon: Double) -> Double {
    var total = 0.0
    for index in table.losses.indices.reversed() {
      let excess = table.losses[index] - epsilon
      guard excess > 0 else { break }
      total += table.masses[index] * -Glibc.expm1(-excess)
    }
    return total
  }

  /// An upper bound on ln δ(ε).
  func upperLogDelta(_ epsilon: Double) -> Double {
    // A loss that is off by η is one of ε moved by η; what underflowed is far below 1e-290.
    // 1/(1 − e) ≤ 1 + 1.01e for e < 1e-3.
    let value = sum(epsilon - table.lossError) * (1 + 1.01 * table.massError) + 1e-290 + infinity
    return Swift.min(0, Glibc.log(value) + 0x1p-48 * (1 + Glibc.log(value).magnitude))
  }

  /// A lower bound on ln δ(ε).
  func lowerLogDelta(_ epsilon: Double) -> Double {
    guard hasLower else { return -.infinity }
    // Masses below the normal doubles have no relative error: all of them together are far below 1e-305.
    let value = sum(epsilon + table.lossError) * (1 - table.massError) - 1e-305
    guard value > 0 else { return -.infinity }
    return Glibc.log(value) - 0x1p-48 * (1 + Glibc.log(value).magnitude)
  }

  /// Bounds on the smallest ε ≥ 0 with δ(ε) ≤ δ.
  func epsilon(_ target: Interval) -> Bounds? {
    guard let top = table.losses.last else { return nil }
    var bounds: [Double] = []
    for upward in [true, false] {
      func holds(_ epsilon: Double) -> Bool {
        upward ? upperLogDelta(epsilon) <= target.low : lowerLogDelta(epsilon) <= target.high
      }
      var (bad, good) = (0.0, Swift.max(0, top) + 2 * table.lossError + 1e-9)
      if !holds(good) { return nil }
      if holds(0) {
        bounds.append(0)
        continue
      }
      while good - bad > 1e-13 * good {
        let middle = bad + (good - bad) / 2
        if middle <= bad || middle >= good { break }
        if holds(middle) { good = middle } else { bad = middle }
      }
      bounds.append(upward ? good : bad)
    }
    return Bounds(lower: hasLower ? Swift.min(bounds[1], bounds[0]) : 0, upper: bounds[0])
  }
}

/// Distinct losses in increasing order with their masses.
struct AtomTable {
  var losses: [Double]
  var masses: [Double]
  /// Bounds on the relative error of every mass and on the absolute error of every loss.
  var massError: Double
  var lossError: Double

  /// Sums of losses with products of masses; each rounding is counted.
  func convolved(with other: AtomTable) -> AtomTable {
    var result = AtomTable(losses: [], masses: [], massError: 0, lossError: 0)
    result.losses.reserveCapacity(losses.count * other.losses.count)
    result.masses.reserveCapacity(losses.count * other.losses.count)
    for (loss, mass) in zip(losses, masses) {
      for index in other.losses.indices {
        result.losses.append(loss + other.losses[index])
        result.masses.append(mass * other.masses[index])
      }
    }
    let scale = (losses.map(\.magnitude).max() ?? 0) + (other.losses.map(\.magnitude).max() ?? 0)
    result.massError = massError + other.massError + 0x1p-52
    result.lossError = lossError + other.lossError + 0x1p-52 * scale
    return result.merged(within: 0x1p-44 * scale)
  }

  /// Losses within a distance of the first of their group become one.
  func merged(within distance: Double) -> AtomTable {
    var result = AtomTable(losses: [], masses: [], massError: massError, lossError: lossError + distance)
    var (group, largest) = (0.0, 0.0)
    for index in losses.indices.sorted(by: { losses[$0] < losses[$1] }) where masses[index] > 0 {
      if let last = result.losses.last, losses[index] - last <= distance {
        result.masses[result.masses.count - 1] += masses[index]
        group += 1
        largest = Swift.max(largest, group)
      } else {
        result.losses.append(losses[index])
        result.masses.append(masses[index])
        group = 0
      }
    }
    result.massError += 0x1p-52 * largest
    return result
  }
}
