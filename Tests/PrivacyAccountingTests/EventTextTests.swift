import ExactMath
import PrivacyAccounting
import Testing

@Suite struct EventTextTests {
  @Test(arguments: [
    "laplace(scale=2, sensitivity=1)", "gaussian(sigma=1.1)", "gaussian(variance=2)",
    "discrete-laplace(scale=5/3, sensitivity=7)", "discrete-gaussian(sigma=3, sensitivity=1, dimension=1)",
    "discrete-gaussian(variance=10, squared-sensitivity=3, dimension=8)",
    "distributed-discrete-gaussian(sigma=4, clients=10, sensitivity=1, dimension=100)",
    "skellam(sigma=10, sensitivity=1, dimension=1)", "randomized-response(p=0.75, k=4)", "exponential(epsilon=0.5)",
    "epsilon-delta(epsilon=1, delta=0.000001)", "zcdp(rho=0.1)", "sparse-vector(epsilon=1, cutoff=1)",
    "tree(levels=10, gaussian(sigma=2))", "group(3, laplace(scale=1, sensitivity=1))",
    "shuffle(n=10000, randomized-response(p=0.5, k=2))", "poisson(rate=0.01, gaussian(sigma=1))",
    "without-replacement(sample=64, population=10000, gaussian(sigma=1))", "gaussian(sigma=1) * 1000",
    "gaussian(sigma=1) + zcdp(rho=1)", "(gaussian(sigma=1) + zcdp(rho=1)) * 3 * 2",
    "(gaussian(sigma=1) + zcdp(rho=1)) + zcdp(rho=2)", "nothing()", "composed(gaussian(sigma=1))",
    "composed(nothing()) * 0",
  ])
  func `canonical text reads back to the same event and the same text`(text: String) throws {
    let event = try PrivacyEvent(parsing: text)
    #expect(event.description == text)
    #expect(try PrivacyEvent(parsing: event.description) == event)
  }

  @Test(arguments: [
    ("laplace(scale=2)", "laplace(scale=2, sensitivity=1)"), ("gaussian(sigma=4,sensitivity=2)", "gaussian(sigma=2)"),
    ("  gaussian( sigma = 1e-1 )*1e3 ", "gaussian(sigma=0.1) * 1000"),
    ("((gaussian(sigma=1)))", "gaussian(sigma=1)"),
    ("gaussian(sigma=1)*2+gaussian(sigma=2)", "gaussian(sigma=1) * 2 + gaussian(sigma=2)"),
    ("group(k=2, zcdp(rho=1))", "group(2, zcdp(rho=1))"),
  ])
  func `other spellings of the grammar are accepted`(text: String, canonical: String) throws {
    #expect(try PrivacyEvent(parsing: text).description == canonical)
  }

  @Test(arguments: [
    "", "gaussian", "gaussian()", "gaussian(sigma=0)", "gaussian(sigma=-1)", "gaussian(sigma=nan)",
    "gaussian(sigma=inf)", "gaussian(sigma=1e301)", "gaussian(sigma=1, variance=1)", "gaussian(sigma=1, sigma=1)",
    "gaussian(sigma=1, rate=2)", "laplace(scale=1/0)", "laplace(sensitivity=1)",
    "discrete-laplace(scale=1, sensitivity=0.5)",
    "randomized-response(p=0, k=2)", "randomized-response(p=1.1, k=2)", "randomized-response(p=0.5, k=1)",
    "epsilon-delta(epsilon=-1, delta=0)", "epsilon-delta(epsilon=1, delta=1)", "poisson(rate=1.5, gaussian(sigma=1))",
    "poisson(rate=0.5)", "poisson(gaussian(sigma=1))", "without-replacement(sample=5, population=4, zcdp(rho=1))",
    "gaussian(sigma=1) *", "gaussian(sigma=1) * -1", "gaussian(sigma=1) * 1.5", "gaussian(sigma=1) +",
    "(gaussian(sigma=1)", "gaussian(sigma=1))", "gaussian(sigma=1) gaussian(sigma=1)", "2 * gaussian(sigma=1)",
    "frobnicate(x=1)", "group(0, zcdp(rho=1))", "group(1, 2, zcdp(rho=1))", "zcdp(rho=?)",
  ])
  func `text that is no event is refused`(text: String) {
    #expect(throws: ParameterError.self) { try PrivacyEvent(parsing: text) }
  }

  @Test func `deep nesting is refused, not crashed on`() {
    let deep = String(repeating: "(", count: 30_000) + "zcdp(rho=1)" + String(repeating: ")", count: 30_000)
    #expect(throws: ParameterError.self) { try PrivacyEvent(parsing: deep) }
    let groups = String(repeating: "group(1,", count: 5_000) + "zcdp(rho=1)" + String(repeating: ")", count: 5_000)
    #expect(throws: ParameterError.self) { try PrivacyEvent(parsing: groups) }
    let stars = "zcdp(rho=1)" + String(repeating: "*1", count: 20_000)
    #expect(throws: ParameterError.self) { try PrivacyEvent(parsing: stars) }
  }

  @Test func `parameters are exact and refuse what cannot be`() throws {
    #expect(try Epsilon("0.1").value == Rational(1, 10))
    #expect(try Epsilon(exactly: 0.5).value == Rational(1, 2))
    #expect(throws: ParameterError.self) { try Epsilon(exactly: .nan) }
    #expect(throws: ParameterError.self) { try Epsilon(exactly: .infinity) }
    #expect(throws: ParameterError.self) { try Delta(1) }
    #expect(throws: ParameterError.self) { try Delta("1e-301") }
    #expect(throws: ParameterError.self) { try NoiseMultiplier(0) }
    #expect(try NoiseScale(variance: Rational(9, 4)).sigma == Rational(3, 2))
    #expect(try NoiseScale(variance: 2).sigma == nil)
  }
}
