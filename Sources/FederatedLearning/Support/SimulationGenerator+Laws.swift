private import CKernels
package import SecureRandom

// Continuous laws for simulations. Only additions, multiplications, square roots and the package's own exponential and
// logarithm are used, so that every machine draws the same numbers.
extension SimulationGenerator {
  /// A standard normal draw (Marsaglia and Bray 1964, the polar method; the second of each pair is not kept).
  package mutating func normal() -> Double {
    while true {
      let u = 2 * uniformUnit() - 1
      let v = 2 * uniformUnit() - 1
      let s = u * u + v * v
      if s > 0, s < 1 { return u * (-2 * tacit_log(s) / s).squareRoot() }
    }
  }

  /// A draw from Gamma(shape, 1) (Marsaglia and Tsang 2000), for any positive shape.
  ///
  /// **Edge cases**: for tiny shapes the draw can underflow to zero.
  package mutating func gamma(shape: Double) -> Double {
    if shape < 1 {
      // Gamma(a) = Gamma(a + 1)·U^(1/a).
      let boosted = gamma(shape: shape + 1)
      let u = 1 - uniformUnit()
      return boosted * tacit_exp(tacit_log(u) / shape)
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      if root <= 0 { continue }
      let v = root * root * root
      let u = 1 - uniformUnit()
      if tacit_log(u) < 0.5 * x * x + d - d * v + d * tacit_log(v) { return d * v }
    }
  }

  /// A draw from the symmetric Dirichlet law on `count` coordinates.
  ///
  /// **Edge cases**: when every gamma draw underflows, one uniformly chosen coordinate takes all the mass, which is the
  /// law's limit for a vanishing concentration.
  package mutating func dirichlet(concentration: Double, count: Int) -> [Double] {
    var draws = (0..<count).map { _ in gamma(shape: concentration) }
    let total = draws.reduce(0, +)
    guard total > 0, total.isFinite else {
      let chosen = uniform(below: count)
      return (0..<count).map { $0 == chosen ? 1 : 0 }
    }
    for index in draws.indices { draws[index] /= total }
    return draws
  }

  /// A draw whose logarithm is normal with the given mean and standard deviation.
  package mutating func logNormal(mean: Double, deviation: Double) -> Double {
    tacit_exp(mean + deviation * normal())
  }
}
