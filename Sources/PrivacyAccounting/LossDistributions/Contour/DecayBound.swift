private import Glibc

/// A proven bound on |φ(t)| for all large t, for a tilted sampled Gaussian.
///
/// On an interval of x that holds a share m of the tilted law, let the loss have density at most F and range R.
///
/// - By parts, |φ(t)| ≤ 1 − m + V/t, where V is the density at both ends plus its total variation. The logarithm of the
///   density as a function of x has the derivative −x − μ + (a + 1)μp(x), a line minus a sigmoid, so the density has at
///   most two local maxima and V ≤ 4F; V ≤ 2F when (a + 1)μ² < 4, for then it has one.
/// - The difference D of two independent losses lies in the interval's range with mass m² and density at most mF there,
///   and 1 − |φ(t)|² ≥ E[1 − cos tD]. That is least when the mass fills the points where tD is closest to a multiple of
///   2π: with y the largest such distance, 1 − |φ(t)|² ≥ m²(1 − sin(y)/y). Let Λ = m/F, the least length that the mass
///   needs, and ρ = tR. For ρ in [2nπ, (2n + 1)π) at most 2n + 1 whole intervals share it, so y ≥ Λt/(4n + 2), which is at
///   least nπΛ/((2n + 1)R). For ρ in [(2n + 1)π, (2n + 2)π) only the outer halves of the next two come in, and those
///   at the far side of their points, so y ≥ πΛ/(2R).
struct DecayBound {
  private struct Piece {
    let share: Double
    /// m/F.
    let length: Double
    let range: Double
    let variation: Double
  }

  private var pieces: [Piece] = []

  init?(_ law: SampledGaussian, removal: Bool, lambda: Double) {
    guard let quadrature = SampledQuadrature(law, removal: removal, lambda: lambda, reach: 4) else { return nil }
    self.init(quadrature)
  }

  init(_ quadrature: SampledQuadrature) {
    let (nodes, mu, a) = (quadrature.nodes, quadrature.law.mu, quadrature.exponent)
    let step = quadrature.step
    // Between nodes a function whose second derivative is at most S in size stays within S·h²/8 of the chord.
    let sagDensity = (1 + (a + 1).magnitude * mu * mu / 4) * step * step / 8
    let sagWeight = (1 + a.magnitude * mu * mu / 4) * step * step / 8
    guard sagDensity < 2 else { return }
    let density = nodes.weights.indices.map { nodes.weights[$0] / (step * mu * quadrature.posteriors[$0]) }
    var cumulative = [0.0]
    for weight in nodes.weights { cumulative.append(cumulative[cumulative.count - 1] + weight) }
    let cuts = [0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.45]
    let count = nodes.weights.count
    let lefts = cuts.map { cut in (cumulative.firstIndex { $0 > cut } ?? 1) - 1 }
    let rights = cuts.map { cut in Swift.min(count - 1, cumulative.firstIndex { $0 >= 1 - cut } ?? count) }
    let factor = (a + 1) * mu * mu < 4 ? 2.0 : 4.0
    for left in Set(lefts) {
      for right in Set(rights) where right > left {
        var share = 0.0
        var most = 0.0
        for index in left...right { most = Swift.max(most, density[index]) }
        for index in left..<right { share += Swift.min(nodes.weights[index], nodes.weights[index + 1]) }
        share *= Glibc.exp(-sagWeight) * (1 - 1e-9)
        most *= Glibc.exp(sagDensity) * (1 + 1e-9)
        let range = (nodes.losses[right] - nodes.losses[left]).magnitude * (1 + 1e-9)
        guard most > 0, most.isFinite, range > 0, share > 0 else { continue }
        pieces.append(Piece(share: share, length: share / most, range: range, variation: factor * most))
      }
    }
  }

  /// A bound on ln |φ| at t and everywhere above.
  func logarithm(_ t: Double) -> Double {
    var best = 0.0
    for piece in pieces {
      let halfTurns = (t * piece.range / Double.pi * (1 - 1e-12)).rounded(.down)
      let n = (halfTurns / 2).rounded(.down)
      let later = (n + 1) * Double.pi / (2 * n + 3) * piece.length / piece.range
      let y = halfTurns == 2 * n ? Swift.min(later, piece.length * t / (4 * n + 2)) : later
      // 1 − sin(y)/y ≥ y²/6 − y⁴/120.
      let square = y * y
      let drop = piece.share * piece.share * (square / 6 - square * square / 120)
      best = Swift.min(best, 0.5 * Glibc.log1p(-Swift.max(0, drop) * (1 - 1e-12)))
      best = Swift.min(best, Glibc.log(Swift.min(1, 1 - piece.share + piece.variation / t)))
    }
    return best
  }
}
