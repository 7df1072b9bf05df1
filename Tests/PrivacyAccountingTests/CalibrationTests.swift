import ExactMath
import PrivacyAccounting
import Testing

@Suite struct CalibrationTests {
  func solve(_ text: String, _ epsilon: String, _ delta: String) throws -> CalibratedParameter {
    try Calibration.solve(
      EventTemplate(parsing: text), epsilon: Epsilon(epsilon), delta: Delta(delta), adjacency: .addOrRemove)
  }

  // Smallest σ of the exact Gaussian profile, from 40-digit arithmetic.
  @Test(arguments: [
    ("0.1", "1e-5", 30.749566131977450239), ("0.1", "1e-6", 36.304690426195784939),
    ("0.1", "1e-10", 54.206295836901268558), ("1", "1e-5", 3.7306316348159418322),
    ("1", "1e-6", 4.224678889326835283), ("1", "1e-10", 5.867777749630526389), ("10", "1e-5", 0.49988861970900851464),
    ("10", "1e-6", 0.54108683181836598143), ("10", "1e-10", 0.68304396722748118256),
    ("2.25", "0.00040834087", 1.41421356237309515),
  ])
  func `gaussian noise is the smallest, never below`(epsilon: String, delta: String, exact: Double) throws {
    let sigma = try solve("gaussian(sigma=?)", epsilon, delta).value.doubleValue
    #expect(sigma >= exact * (1 - 1e-9) && sigma <= exact * (1 + 1e-6))
  }

  @Test(arguments: [
    ("laplace(scale=?) * 20", "1", "0", 20.0), ("laplace(scale=?, sensitivity=21) * 10", "3", "0", 70),
    ("discrete-laplace(scale=?, sensitivity=2) * 5", "3", "0", 10.0 / 3),
    ("zcdp(rho=?)", "1", "1e-6", 0.02435597035953),
  ])
  func `scales and rates meet their closed forms from the safe side`(
    text: String, epsilon: String, delta: String, exact: Double
  ) throws {
    let found = try solve(text, epsilon, delta)
    #expect((found.value.doubleValue - exact).magnitude <= 1e-6 * exact)
    let target = try Epsilon(epsilon)
    #expect(found.epsilon.upper <= target.value.doubleValue)
  }

  @Test(arguments: [
    ("poisson(rate=0.01, gaussian(sigma=?)) * 1000", "2", "1e-5"),
    ("poisson(rate=?, gaussian(sigma=1)) * 1000", "2", "1e-5"),
    ("poisson(rate=0.01, gaussian(sigma=1)) * ?", "2", "1e-5"), ("group(?, gaussian(sigma=10))", "3", "1e-6"),
    ("laplace(scale=30) * 4 + gaussian(sigma=?) * 3", "1", "1e-6"), ("tree(levels=?, gaussian(sigma=20))", "1", "1e-6"),
  ])
  func `an answer is certified and a slightly riskier value is not`(text: String, epsilon: String, delta: String) throws
  {
    let found = try solve(text, epsilon, delta)
    let template = try EventTemplate(parsing: text)
    let (target, mass) = (try Epsilon(epsilon), try Delta(delta))
    let accountant = AutomaticAccountant()
    let certified = try accountant.epsilon(of: found.event, delta: mass, adjacency: .addOrRemove).upper
    #expect(certified <= target.value.doubleValue * (1 + 1e-12))
    let riskier: Rational
    if template.isWhole {
      riskier = template.largerIsSafer ? found.value - 1 : found.value + 1
    } else {
      riskier = found.value * (template.largerIsSafer ? Rational(999_999, 1_000_000) : Rational(1_000_001, 1_000_000))
    }
    let worse = try accountant.delta(of: template.event(riskier), epsilon: target, adjacency: .addOrRemove).upper
    #expect(worse > mass.value.doubleValue)
  }

  @Test(arguments: [
    "gaussian(sigma=1)", "gaussian(sigma=?) + gaussian(sigma=?)", "?", "laplace(?)",
    "sparse-vector(epsilon=1, cutoff=?)",
  ])
  func `a template without one searchable parameter is refused`(text: String) {
    #expect(throws: ParameterError.self) { try EventTemplate(parsing: text) }
  }

  @Test func `a target that no value meets is refused`() {
    #expect(throws: AccountingError.self) { try solve("gaussian(sigma=?) + laplace(scale=1)", "0.5", "1e-6") }
    #expect(throws: AccountingError.self) { try solve("gaussian(sigma=?)", "1", "0") }
  }
}
