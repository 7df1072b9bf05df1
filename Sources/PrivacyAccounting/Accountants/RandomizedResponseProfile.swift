import ExactMath

/// The privacy profile of a composition of the worst (ε, δ) mechanisms, enclosed.
///
/// The worst (ε, 0) mechanism is binary randomised response with losses ±ε under odds e^ε : 1 (Kairouz, Oh and
/// Viswanath 2015, theorem 3.2), and δ is a mass at infinity beside it. With L the sum of independent such losses,
/// δ(ε) = 1 − Π(1 − δᵢ)·(1 − E[(1 − e^(ε−L))₊]): their theorem 3.3 for equal parameters, Murtagh and Vadhan (2016,
/// theorem 1.5) for different ones.
struct RandomizedResponseProfile {
  /// One class of equal events.
  struct Class: Hashable {
    let epsilon: Rational
    let count: Int
  }

  /// The sums L with their probabilities, by decreasing loss.
  private let losses: [Interval]
  private let masses: [Interval]
  /// ln Π(1 − δᵢ).
  private let logSound: Interval
  /// An upper bound on the largest loss.
  let largest: Rational

  /// The largest number of different sums that are enumerated.
  static let limit = 1 << 16

  /// `nil` when there are more sums than ``limit``.
  init?(_ classes: [Class], logSound: Interval) {
    var size = 1
    for item in classes {
      let (product, overflow) = size.multipliedReportingOverflow(by: item.count + 1)
      guard !overflow, product <= RandomizedResponseProfile.limit else { return nil }
      size = product
    }
    // Sums are exact, so that equal ones fall together and none is out of order.
    var sums: [Rational: Interval] = [0: .zero]
    for item in classes where item.epsilon.signum > 0 {
      let law = RandomizedResponseProfile.logLaw(item)
      var next: [Rational: Interval] = [:]
      next.reserveCapacity(sums.count * law.count)
      for (sum, logMass) in sums {
        for (flips, logShare) in law.enumerated() {
          let key = sum + Rational(item.count - 2 * flips) * item.epsilon
          let value = logMass + logShare
          next[key] = next[key].map { Interval.logarithmOfSum($0, value) } ?? value
        }
      }
      sums = next
    }
    let ordered = sums.sorted { $0.key > $1.key }
    losses = ordered.map { Interval($0.key) }
    masses = ordered.map { $0.value.exponential }
    largest = ordered[0].key
    self.logSound = logSound
  }

  /// ln of the probabilities of 0, 1, … unlikely answers among `count`.
  private static func logLaw(_ item: Class) -> [Interval] {
    let epsilon = Interval(item.epsilon)
    let unlikely = -(epsilon.logarithmOfOnePlusExponential)
    var logMass = -((-epsilon).logarithmOfOnePlusExponential) * Interval(Double(item.count))
    var law = [logMass]
    let ratio = unlikely + (-epsilon).logarithmOfOnePlusExponential
    for flips in stride(from: 1, through: item.count, by: 1) {
      logMass += (Interval(Double(item.count - flips + 1)) / Interval(Double(flips))).logarithm + ratio
      law.append(logMass)
    }
    return law
  }

  /// δ(ε) between two doubles.
  func delta(epsilon: Interval) -> Interval {
    var sum = Interval.zero
    for (loss, mass) in zip(losses, masses) {
      let excess = loss - epsilon
      guard excess.high > 0 else { break }
      sum += mass * (-((-excess).exponentialMinusOne)).atLeast(0)
    }
    let finite = sum.atMost(1)
    // 1 − S(1 − F) = (1 − S) + S·F.
    return (-(logSound.exponentialMinusOne) + logSound.exponential * finite).atLeast(0).atMost(1)
  }

  /// Bounds on the smallest ε with δ(ε) ≤ δ; infinite when the masses at infinity alone exceed δ.
  func epsilon(delta: Interval) -> Bounds {
    guard self.delta(epsilon: .zero).high > delta.low else { return Bounds(lower: 0, upper: 0) }
    let top = losses[0]
    let upper =
      self.delta(epsilon: Interval(top.high)).high <= delta.low
      ? search(from: 0, to: top.high) { self.delta(epsilon: $0).high <= delta.low } : .infinity
    guard self.delta(epsilon: .zero).low > delta.high else { return Bounds(lower: 0, upper: upper) }
    // The largest ε that is certainly not enough.
    let enough = search(from: 0, to: top.high) { self.delta(epsilon: $0).low <= delta.high }
    let lower = Swift.max(0, enough * (1 - 0x1p-44))
    let sure = self.delta(epsilon: Interval(lower)).low > delta.high ? lower : 0
    return Bounds(lower: Swift.min(sure, upper), upper: upper)
  }

  /// A value at which a predicate that holds at `high` and beyond some point holds, near the smallest.
  private func search(from low: Double, to high: Double, _ holds: (Interval) -> Bool) -> Double {
    var (bad, good) = (low, high)
    while good - bad > good * 0x1p-46, good > 1e-290 {
      let middle = bad + (good - bad) / 2
      if holds(Interval(middle)) { good = middle } else { bad = middle }
    }
    return good
  }
}
