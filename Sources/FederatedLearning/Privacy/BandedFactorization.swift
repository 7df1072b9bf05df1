/// The weights by which noise of one round is taken back in the next ones: a banded square root of the matrix of running
/// sums.
///
/// With A the lower triangle of ones and C a lower-triangular Toeplitz matrix, what is protected is y = C·x + z, x being
/// the rounds' sums and z independent noise; x + C⁻¹z, and so every running sum, follows from y alone (Denisov,
/// McMahan, Rush, Smith and Thakurta 2022). C = A^{1/2} has the coefficients 1, 1/2, 3/8, 5/16, … (Fichtenberger,
/// Henzinger and Upadhyay 2023); cut after `bands` of them (Kalinin and Lampert 2024) a client that returns only after
/// as many rounds meets disjoint columns, and the sensitivity is exact (Choquette-Choo and others 2023).
///
/// Coefficients are integers here, multiples of 2^-12, so that C·x is a vector of integers and exact noise applies to
/// it. Rounding them changes how good the factorisation is, not what is proven about it.
public struct BandedFactorization: Sendable, Hashable {
  /// C's first column in units of 2^-12, which begins 4096, 2048, 1536.
  public let coefficients: [Int]

  /// Bits of the first coefficient.
  static let shift = 12

  /// A square root of so many bands.
  ///
  /// - Precondition: `bands` is from 1 to 2^20.
  public init(bands: Int) {
    precondition((1...1 << 20).contains(bands), "1 to 2^20 bands")
    var exact = 1.0
    coefficients = (0..<bands).map { place in
      if place > 0 { exact *= Double(2 * place - 1) / Double(2 * place) }
      return Int((exact * Double(1 << BandedFactorization.shift)).rounded())
    }
  }

  /// How many rounds a round's sum enters.
  public var bands: Int { coefficients.count }

  /// Σ c²: the squared norm of a column, by which a squared sensitivity grows.
  public var squaredColumn: Int { coefficients.reduce(0) { $0 + $1 * $1 } }

  /// The first column of C⁻¹, of coefficients in units of one: what of a draw remains in later rounds' sums.
  func inverse(rounds: Int) -> [Double] {
    var column: [Double] = []
    for place in 0..<rounds {
      var value = place == 0 ? 1.0 : 0.0
      for back in 1..<max(1, min(bands, place + 1)) { value -= Double(coefficients[back]) * column[place - back] }
      column.append(value / Double(coefficients[0]))
    }
    return column
  }

  /// A bound of the variance that draws of variance one leave in a round's sum, for the width of a sum.
  ///
  /// Coefficients do not grow, so the inverse's do not either (Eneström and Kakeya), and after the first ones twice
  /// their sum of squares is plenty.
  func noiseVariance(rounds: Int) -> Double {
    2 * inverse(rounds: min(rounds, 1024)).reduce(0) { $0 + $1 * $1 } + 1
  }
}
