import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom

/// Whether any answer of a real-valued mechanism has a bit below its grid.
struct GridReport {
  let name: String
  /// The bits that any answer left when its whole steps were taken off.
  let bitsBelow: UInt64

  init(_ name: String, _ stream: NoiseStream, draws: Int) {
    var generator = SecureGenerator()
    let grid = stream.grid
    let step = grid?.step.doubleValue ?? 1
    var below: UInt64 = 0
    var left = draws
    while left > 0 {
      let count = min(left, 1 << 16)
      for steps in stream.samples(count, using: &generator) {
        let answer = grid.map { GridValue(steps: steps, grid: $0).value } ?? 0
        below |= (answer - (answer / step).rounded() * step).bitPattern & ~(1 << 63)
      }
      left -= count
    }
    self.name = name
    bitsBelow = below
  }
}

/// Both real-valued mechanisms at two scales, a quarter of the draws each.
func gridReports(draws: Int) throws -> [GridReport] {
  try [Rational(1, 3), Rational(12_345, 7)].flatMap { scale in
    [
      GridReport("Laplace \(scale)", try .laplace(scale: LaplaceScale(scale)), draws: draws / 4),
      GridReport("Gaussian \(scale)", try .gaussian(sigma: NoiseScale(sigma: scale)), draws: draws / 4),
    ]
  }
}
