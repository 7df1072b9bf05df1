import DifferentialPrivacy
import ExactMath
import Glibc
import Synchronization

/// The masses of a noise law on a run of whole numbers, from the law's published definition; what lies outside, less than
/// 10⁻⁷, is missing from them.
struct LawTable {
  let first: Int64
  let masses: [Double]

  private static let known = Mutex<[Key: LawTable]>([:])
  private struct Key: Hashable {
    let law: NoiseLaw
    let sharpness: Double
  }

  /// The table of a law, or of a broken twin's: masses to the power `sharpness`, normalised.
  static func of(_ law: NoiseLaw, sharpness: Double) -> LawTable {
    let key = Key(law: law, sharpness: sharpness)
    if let table = known.withLock({ $0[key] }) { return table }
    let table = make(law, sharpness)
    known.withLock { $0[key] = table }
    return table
  }

  private static func make(_ law: NoiseLaw, _ sharpness: Double) -> LawTable {
    let (weight, reach, isOneSided): ((Int) -> Double, Double, Bool) =
      switch law {
      case .discreteLaplace(let scale): ({ exp(-abs(Double($0)) / scale.doubleValue) }, 17 * scale.doubleValue, false)
      case .geometric(let scale): ({ exp(-Double($0) / scale.doubleValue) }, 17 * scale.doubleValue, true)
      case .discreteGaussian(let variance):
        (
          { exp(-Double($0) * Double($0) / (2 * variance.doubleValue)) }, 5.6 * variance.doubleValue.squareRoot(),
          false
        )
      case .roundedNormal(let variance):
        (
          { normal($0, variance.doubleValue.squareRoot()) }, 5.6 * variance.doubleValue.squareRoot(), false
        )
      case .skellam(let variance):
        ({ skellam($0, variance.doubleValue) }, 6 * variance.doubleValue.squareRoot() + 8, false)
      case .staircase(let epsilon, let step, let first):
        (
          { exp(-epsilon.doubleValue * Double((UInt64(abs($0)) + step - first) / step)) },
          (17 / epsilon.doubleValue + 1) * Double(step), false
        )
      }
    let last = Int(reach.rounded(.up)) + 2
    // The normalisation covers twice the reach: what the table leaves out is missing.
    let far = isOneSided ? 0...(3 * last) : (-3 * last)...(3 * last)
    let total = far.map { pow(weight($0), sharpness) }.sorted().reduce(0, +)
    let near = isOneSided ? 0...last : -last...last
    return LawTable(first: Int64(near.lowerBound), masses: near.map { pow(weight($0), sharpness) / total })
  }

  /// P[x − ½ ≤ N(0, σ²) < x + ½], from whichever tail is smaller.
  private static func normal(_ x: Int, _ sigma: Double) -> Double {
    let (a, b) = (Double(abs(x)) - 0.5, Double(abs(x)) + 0.5)
    return (erfc(a / (sigma * 2.squareRoot())) - erfc(b / (sigma * 2.squareRoot()))) / 2
  }

  /// The difference of two Poisson variates of mean μ/2, by its definition.
  private static func skellam(_ x: Int, _ variance: Double) -> Double {
    let mean = variance / 2
    func poisson(_ k: Int) -> Double { exp(Double(k) * log(mean) - mean - lgamma(Double(k) + 1)) }
    let reach = Int(mean + 14 * mean.squareRoot()) + 60
    return (0...reach).reduce(0) { $0 + poisson($1) * poisson($1 + abs(x)) }
  }

  /// Noise of density ∝ 1/(1 + z²)² times a scale, rounded; the tails beyond the reach lie on its ends.
  static func heavyTail(scale: Double, reach: Int) -> LawTable {
    func cumulative(_ z: Double) -> Double { 0.5 + (atan(z) + z / (1 + z * z)) / .pi }
    return LawTable(
      first: Int64(-reach),
      masses: (-reach...reach).map { x in
        let high = x == reach ? 1 : cumulative((Double(x) + 0.5) / scale)
        return high - (x == -reach ? 0 : cumulative((Double(x) - 0.5) / scale))
      })
  }
}
