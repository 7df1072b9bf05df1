import Reporting
import Testing

@Suite struct NumberTextTests {
  @Test(arguments: [
    (0.0, 2, "0.00"), (1.005, 1, "1.0"), (-0.004, 2, "0.00"), (2.5, 0, "3"), (-2.5, 0, "-3"), (1234.5, 3, "1234.500"),
    (0.05, 4, "0.0500"), (.infinity, 2, "inf"), (-.infinity, 0, "-inf"), (.nan, 3, "nan"),
  ])
  func `fixed decimals are fixed`(value: Double, decimals: Int, text: String) {
    #expect(NumberText.fixed(value, decimals: decimals) == text)
  }

  @Test func `fixed text reads back within half a unit of its last place`() {
    var seed: UInt64 = 7
    for _ in 0..<2000 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Double(Int64(bitPattern: seed) >> 20) / 1024
      for (decimals, unit) in [(0, 1.0), (1, 0.1), (3, 1e-3), (6, 1e-6)] {
        let back = Double(NumberText.fixed(value, decimals: decimals))
        let error: Double = ((back ?? .infinity) - value).magnitude
        let allowed: Double = unit * 0.500_001 + value.magnitude * 1e-15
        #expect(error <= allowed)
      }
    }
  }

  @Test(arguments: [
    (0.0, 4, "0"), (9.996, 3, "10"), (0.000012, 2, "0.000012"), (1e-7, 3, "1e-7"),
    (123_456, 3, "123000"), (1.5e12, 4, "1.5e12"), (-0.98765, 3, "-0.988"), (3, 6, "3"),
  ])
  func `significant digits drop what says nothing`(value: Double, digits: Int, text: String) {
    #expect(NumberText.significant(value, digits: digits) == text)
  }

  @Test func `significant text reads back to its precision over all magnitudes`() {
    for exponent in -320...307 {
      for mantissa in [1.0, 2.345678, 9.9999] {
        guard let value = Double("\(mantissa)e\(exponent)") else { continue }
        let back = Double(NumberText.significant(value, digits: 4)) ?? .nan
        let allowed = 5.1e-4 * value + 2 * Double.leastNonzeroMagnitude
        #expect((back - value).magnitude <= allowed, "\(value)")
      }
    }
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"), (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func `thousands are grouped`(value: Int, text: String) {
    #expect(NumberText.grouped(value) == text)
  }

  @Test(arguments: [
    (0.0, "0 ns"), (8.5e-7, "850 ns"), (0.01234, "12.3 ms"), (4.519, "4.52 s"), (59.96, "1 min 00 s"),
    (125, "2 min 05 s"), (3840, "1 h 04 min"), (-1, "?"), (.nan, "?"), (.infinity, "inf"),
  ])
  func `durations are in the unit a reader expects`(seconds: Double, text: String) {
    #expect(NumberText.duration(seconds) == text)
  }

  @Test(arguments: [(0, "0 B"), (999, "999 B"), (1200, "1.2 kB"), (34_000_000, "34 MB")])
  func `bytes are in decimal units`(count: Int, text: String) {
    #expect(NumberText.bytes(count) == text)
  }
}
