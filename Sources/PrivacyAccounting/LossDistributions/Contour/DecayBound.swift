private import Glibc

/// A proven bound on |φ(t)| for all large t, for a tilted sampled Gaussian.
///
/// On an interval of x that holds a share m of the tilted law, let the loss have density at most F and range R.
///
/// - By parts, |φ(t)| ≤ 1 − m + V/t, where V is the density at both ends plus its total variation. The logarithm of the
///   density as a function of x has the derivative −x − μ + (a + 1)μp(x), a line minus a sigmoid, so the density turns at
///   most three times and its variation exceeds that of its values on a mesh by at most six overshoots between nodes.
/// - The difference D of two independent losses in the interval has |D| ≤ R. Where tR ≤ π,
///   1 − |φ(t)|² ≥ E[1 − cos tD] ≥ (2t²/π²)·E[D²], taken over pairs in the interval only.
/// - D has mass m² and density at most mF there. E[1 − cos tD] is least when the mass fills the points where tD is closest
///   to a multiple of 2π: with y the largest such distance, 1 − |φ(t)|² ≥ m²(1 − sin(y)/y). Let Λ = m/F, the least length
///   that the mass needs, and ρ = tR. For ρ in [2nπ, (2n + 1)π) at most 2n + 1 whole intervals share it, so
///   y ≥ Λt/(4n + 2), which is at least nπΛ/((2n + 1)R). For ρ in [(2n + 1)π, (2n + 2)π) only the outer halves of the
///   next two come in, and those at the far side of their points, so y ≥ πΛ/(2R).
struct DecayBound {
  private struct Piece {
    let share: Double
    /// m/F.
    let length: Double
    let range: Double
    let variation: Double
  }

  private var pieces: [Piece] = []
  /// The least t of the table, and a bound on ln |φ| from each of its cells on.
  private let start: Double
  private var table: [Double] = []
  private static let ratio = 1.12

  /// The mesh should be fine: the bound is for t from `start` on.
  init(_ quadrature: SampledQuadrature, start: Double) {
    self.start = start
    let mesh = DecayMesh(quadrature)
    guard mesh.sag < 2 else { return }
    pieces = DecayBound.pieces(mesh)
    guard start > 0, start.isFinite, !pieces.isEmpty else { return }
    var cells: [Double] = []
    var low = start
    var last = 0.0
    while cells.count < 200, last > -1 {
      let high = low * DecayBound.ratio
      last = far(low)
      let drop = 2 * low * low / (Double.pi * Double.pi) * mesh.spread(range: Double.pi / high)
      let near = 0.5 * Glibc.log1p(-Swift.min(0.9999, drop * (1 - 1e-9)))
      cells.append(Swift.min(last, near))
      low = high
    }
    // From each cell on: the worst of all later ones, and of what lies beyond the table.
    var worst = far(low)
    table = cells
    for index in cells.indices.reversed() {
      worst = Swift.max(worst, cells[index])
      table[index] = worst
    }
  }

  private static func pieces(_ mesh: DecayMesh) -> [Piece] {
    let cuts = [0, 0.01, 0.05, 0.15, 0.3, 0.45]
    var found: [Piece] = []
    for left in Set(cuts.map { mesh.index(share: $0) }) {
      for right in Set(cuts.map { mesh.index(share: 1 - $0) }) where right > left {
        var (share, most, turn) = (0.0, 0.0, 0.0)
        for index in left..<right {
          most = Swift.max(most, mesh.density[index])
          turn += (mesh.density[index + 1] - mesh.density[index]).magnitude
          share += mesh.masses[index]
        }
        most = Swift.max(most, mesh.density[right]) * (1 + 1e-9)
        let over = most * Glibc.expm1(mesh.sag)
        let variation = (mesh.density[left] + mesh.density[right] + turn) * (1 + 1e-9) + 6 * over
        let range = (mesh.losses[right] - mesh.losses[left]) * (1 + 1e-9)
        guard most > 0, variation.isFinite, range > 0, share > 0 else { continue }
        found.append(Piece(share: share, length: share / (most + over), range: range, variation: variation))
      }
    }
    return found
  }

  /// A bound on ln |φ| at t and everywhere above.
  func logarithm(_ t: Double) -> Double {
    guard t >= start, !table.isEmpty else { return 0 }
    let cell = Int(Glibc.log(t / start) / Glibc.log(DecayBound.ratio) - 1e-9)
    return cell < table.count ? Swift.min(table[Swift.max(0, cell)], far(t)) : far(t)
  }

  /// The bounds that hold from t on without a table.
  private func far(_ t: Double) -> Double {
    var (drop, size) = (0.0, 1.0)
    for piece in pieces {
      let halfTurns = (t * piece.range / Double.pi * (1 - 1e-12)).rounded(.down)
      let n = (halfTurns / 2).rounded(.down)
      let later = (n + 1) * Double.pi / (2 * n + 3) * piece.length / piece.range
      let y = halfTurns == 2 * n ? Swift.min(later, piece.length * t / (4 * n + 2)) : later
      // 1 − sin(y)/y ≥ y²/6 − y⁴/120, which increases up to y = π.
      let square = y * y
      drop = Swift.max(drop, piece.share * piece.share * (square / 6 - square * square / 120))
      size = Swift.min(size, 1 - piece.share + piece.variation / t)
    }
    return Swift.min(0.5 * Glibc.log1p(-drop * (1 - 1e-12)), Glibc.log(size))
  }
}

/// A tilted sampled Gaussian on a mesh of x, with the losses in increasing order.
private struct DecayMesh {
  var losses: [Double]
  /// The density of the loss at the nodes.
  var density: [Double]
  /// At least the mass between each node and the next.
  var masses: [Double]
  /// How far the logarithm of the density can rise above its values at the nodes.
  let sag: Double
  private var cumulative: [Double]

  init(_ quadrature: SampledQuadrature) {
    let (nodes, mu, a) = (quadrature.nodes, quadrature.law.mu, quadrature.exponent)
    let step = quadrature.step
    // Between nodes a function whose second derivative is at most S in size stays within S·h²/8 of the chord.
    sag = (1 + (a + 1).magnitude * mu * mu / 4) * step * step / 8
    let dip = Glibc.exp(-(1 + a.magnitude * mu * mu / 4) * step * step / 8) * (1 - 1e-9)
    losses = nodes.losses
    density = nodes.weights.indices.map { nodes.weights[$0] / (step * mu * quadrature.posteriors[$0]) }
    masses = zip(nodes.weights, nodes.weights.dropFirst()).map { Swift.min($0, $1) * dip }
    if let first = losses.first, let last = losses.last, first > last {
      losses.reverse()
      density.reverse()
      masses.reverse()
    }
    cumulative = [0]
    for mass in masses { cumulative.append(cumulative[cumulative.count - 1] + mass) }
  }

  func index(share: Double) -> Int {
    let wanted = share * cumulative[cumulative.count - 1]
    return cumulative.firstIndex { $0 >= wanted } ?? cumulative.count - 1
  }

  /// At least E[D²] over pairs of losses from one interval of at most the given range, for a good interval.
  func spread(range: Double) -> Double {
    var best = 0.0
    for share in [0, 0.005, 0.02, 0.06, 0.12, 0.2, 0.3, 0.4] {
      let left = index(share: share)
      let origin = losses[left]
      // Σ of masses, and of masses times the upper ends and their squares, over the cells before.
      var (zeroth, first, second, total) = (0.0, 0.0, 0.0, 0.0)
      var cell = left
      while cell < masses.count, losses[cell + 1] - origin <= range {
        let (low, high, mass) = (losses[cell] - origin, losses[cell + 1] - origin, masses[cell])
        total += mass * Swift.max(0, zeroth * low * low - 2 * low * first + second) * (1 - 1e-9)
        zeroth += mass
        first += mass * high
        second += mass * high * high
        cell += 1
      }
      best = Swift.max(best, 2 * total)
    }
    return best
  }
}
