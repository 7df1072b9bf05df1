import ExactMath
import Testing

@Suite struct IntervalTests {
  @Test func `arithmetic encloses the exact rational result`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      func draw() -> Double {
        let exponent = Double(sign: .plus, exponent: Int.random(in: -60...60, using: &random), significand: 1)
        return Double.random(in: -1...1, using: &random) * exponent
      }
      let (a, b) = (draw(), draw())
      let (x, y) = (try #require(Rational(exactly: a)), try #require(Rational(exactly: b)))
      func encloses(_ interval: Interval, _ exact: Rational) throws -> Bool {
        try #require(Rational(exactly: interval.low)) <= exact && exact <= #require(Rational(exactly: interval.high))
      }
      #expect(try encloses(Interval(a) + Interval(b), x + y))
      #expect(try encloses(Interval(a) - Interval(b), x - y))
      #expect(try encloses(Interval(a) * Interval(b), x * y))
      #expect(try encloses(Interval(a).squared, x * x))
      if b != 0 { #expect(try encloses(Interval(a) / Interval(b), x / y)) }
    }
  }

  @Test func `no operation gives NaN`() {
    let odd: [Interval] = [
      .everything, .zero, Interval(0, .infinity), Interval(-.infinity, 0), Interval(.nan, 1), 1e308,
    ]
    for a in odd {
      for b in odd {
        for result in [a + b, a - b, a * b, a / b, Interval.logarithmOfSum(a, b)] {
          #expect(!result.low.isNaN && !result.high.isNaN)
        }
      }
      for result in [
        a.exponential, a.exponentialMinusOne, a.logarithm, a.logarithmOfOnePlus, a.squareRoot, a.squared,
        a.logarithmOfExponentialMinusOne, a.logarithmOfOnePlusExponential, GaussianTail.logarithm(a),
        MillsRatio.value(a),
      ] {
        #expect(!result.low.isNaN && !result.high.isNaN)
      }
    }
  }

  // Values of (1 − Φ(x))/φ(x) and ln(1 − Φ(x)) from 50-digit arithmetic.
  @Test(arguments: [
    (-3.0, 225.33489622034912, -0.0013508099647481938), (0.0, 1.2533141373155003, -0.6931471805599453),
    (1.0, 0.65567954241879847, -1.8410216450092635), (1.9, 0.43764692878712088, -3.5502813255421346),
    (2.5, 0.35426511132979367, -5.0816482772786905), (8.0, 0.1231319632579323, -35.01343715991455),
    (40.0, 0.024984404205720571, -804.60844201375379),
  ])
  func `the Mills ratio and the log tail enclose published digits tightly`(x: Double, mills: Double, tail: Double) {
    let ratio = MillsRatio.value(Interval(x))
    #expect(ratio.low <= mills * (1 + 4e-16) && mills * (1 - 4e-16) <= ratio.high)
    #expect(ratio.width <= 1e-12 * mills)
    let logarithm = GaussianTail.logarithm(Interval(x))
    #expect(logarithm.low <= tail + tail.magnitude * 4e-16 && tail - tail.magnitude * 4e-16 <= logarithm.high)
    #expect(logarithm.width <= 1e-12 * max(1, tail.magnitude))
  }

  @Test func `small drops of the Mills ratio stay accurate`() {
    for step in [1e-3, 1e-6, 1e-9, 1e-12] {
      for x in [-1.0, 0.5, 3, 20] {
        let drop = MillsRatio.drop(Interval(x), step: Interval(step))
        #expect(drop.low > 0)
        #expect(drop.width <= 1e-7 * drop.high)
      }
    }
  }
}
