private import Glibc

/// The largest loss of a bounded composition and the mass that sits on it.
///
/// No ε above the edge is needed, and δ(ε) ≥ P[L = edge]·(1 − e^(ε − edge)): tight where δ is below every transform's
/// reach, such as for one Laplace at δ = 1e-100.
struct LossEdge {
  /// An upper bound on the largest loss, and a lower bound.
  let high: Double
  let low: Double
  /// A lower bound on ln P[L = edge]; −∞ when the pair is not attained.
  let logMass: Double

  /// The edge; `nil` when losses are unbounded or may be infinite.
  init?(_ law: ContourLaw) {
    guard law.infinity.high == 0 else { return nil }
    var (loss, error, logMass) = (0.0, 0.0, 0.0)
    for (part, count) in law.parts {
      switch part {
      case .gaussian: return nil
      case .sampled(let sample, let removal):
        // Under addition the loss is −ln(1 − q + q·e^w), below −ln(1 − q), which it only comes near.
        guard !removal else { return nil }
        let most = -Glibc.log(sample.rest)
        loss += count * most
        error += count * 0x1p-50 * (1 + most)
        logMass = -.infinity
      case .laplace(let epsilon):
        loss += count * epsilon
        logMass -= count * (Glibc.log(2) + 0x1p-50)
      case .atoms(let atoms):
        guard let top = atoms.atoms.max(by: { $0.loss < $1.loss }), top.mass > 0 else { return nil }
        loss += count * top.loss
        error += count * atoms.lossError
        logMass += count * (Glibc.log(top.mass) - atoms.massError - 0x1p-50 * (1 + Glibc.log(top.mass).magnitude))
      }
      error += 0x1p-50 * count * loss.magnitude / Swift.max(1, count) + 0x1p-50 * loss.magnitude
    }
    high = Swift.max(0, loss + error)
    low = loss - error
    self.logMass = law.isTight ? logMass : -.infinity
  }

  /// A lower bound on ln δ(ε).
  func lowerLogDelta(_ epsilon: Double) -> Double {
    let excess = low - epsilon
    guard excess > 0 else { return -.infinity }
    let share = Glibc.log(-Glibc.expm1(-excess))
    return logMass + share - 1e-14 * (1 + logMass.magnitude + share.magnitude)
  }

  /// A lower bound on the smallest ε with δ(ε) ≤ δ.
  func lowerEpsilon(_ logDelta: Double) -> Double {
    let share = Glibc.exp(logDelta - logMass) * (1 + 1e-12)
    guard share < 1 else { return 0 }
    return Swift.max(0, (low + Glibc.log1p(-share) * (1 + 1e-14)).nextDown)
  }
}
