import ExactMath
import PrivacyAccounting

extension PrivacyPlan {
  /// The root mean square, over the first `rounds` rounds, of the deviation that noise gives a coordinate of the running
  /// sum of updates, in multiples of the clip; nil unless the server adds the noise.
  ///
  /// The model after a round is the running sum of what was added to it, so this is what compares mechanisms at equal
  /// privacy: independent noise grows with the square root of the round, a tree's and a banded one's far less.
  public func runningDeviation(rounds: Int, radius: Int64) -> Double? {
    guard placement == .central, unit == .client, rounds > 0 else { return nil }
    var total = 0.0
    if let factorization {
      // A·C⁻¹ is Toeplitz with the running sums of C⁻¹'s column.
      var (running, squares) = (0.0, 0.0)
      for value in factorization.inverse(rounds: rounds) {
        running += value
        squares += running * running
        total += squares
      }
    } else if case .tree(let length) = participation {
      for round in 1...rounds {
        total += Double(
          (round - 1) / length * length.nonzeroBitCount + ((round - 1) % length + 1).nonzeroBitCount)
      }
    } else {
      total = Double(rounds) * Double(rounds + 1) / 2
    }
    return (variance.squared.doubleValue * total / Double(rounds)).squareRoot() / Double(radius)
  }
}
