import BigInt
import ExactMath
import Testing

@Suite struct RationalTests {
  @Test func `ten tenths are exactly one`() throws {
    let tenth = try #require(Rational("0.1"))
    #expect((0..<10).reduce(Rational.zero) { sum, _ in sum + tenth } == 1)
  }

  @Test(arguments: [
    ("5", "5"), ("-5/3", "-5/3"), ("0.05", "1/20"), ("1e-5", "1/100000"), ("2.5e3", "2500"), ("10/4", "5/2"),
    (".5", "1/2"), ("+7", "7"), ("1.5/0.5", "3"),
  ])
  func `text is read exactly`(text: String, canonical: String) throws {
    #expect(try #require(Rational(text)).description == canonical)
  }

  @Test(arguments: ["", " 1", "1 ", "1/0", "1/2/3", "nan", "inf", "0x10", "1e", "1e99999", "--1", "1..2", ".", "१"])
  func `text that is not a number is refused`(text: String) {
    #expect(Rational(text) == nil)
  }

  @Test(arguments: [("1/20", "0.05"), ("5/3", "5/3"), ("-1/8", "-0.125"), ("300", "300"), ("0", "0")])
  func `decimal text is used where it is exact`(value: String, text: String) throws {
    #expect(try #require(Rational(value)).decimalDescription == text)
  }

  @Test func `arithmetic agrees with an independent big integer on random fractions`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let (a, b, c, d) = (
        Int.random(in: -1_000_000...1_000_000), Int.random(in: 1...1_000_000), Int.random(in: -1_000_000...1_000_000),
        Int.random(in: 1...1_000_000)
      )
      let sum = BigInt(a) * BigInt(d) + BigInt(c) * BigInt(b)
      let bottom = BigInt(b) * BigInt(d)
      let divisor = sum == 0 ? bottom : sum.greatestCommonDivisor(with: bottom)
      let expected = bottom / divisor == 1 ? "\(sum / divisor)" : "\(sum / divisor)/\(bottom / divisor)"
      #expect((Rational(a, b) + Rational(c, d)).description == expected)
      #expect((Rational(a, b) < Rational(c, d)) == (BigInt(a) * BigInt(d) < BigInt(c) * BigInt(b)))
      _ = random.next()
    }
  }

  @Test func `directed conversions bracket the value and differ by at most one step`() throws {
    for text in ["1/3", "-1/3", "0.1", "1e-320", "1e400", "-1e400", "5", "1e-400", "-1e-400"] {
      let value = try #require(Rational(text))
      let (down, up) = (value.doubleRoundedDown, value.doubleRoundedUp)
      if let low = Rational(exactly: down) { #expect(low <= value) }
      if let high = Rational(exactly: up) { #expect(high >= value) }
      #expect(down == up || down.nextUp == up)
    }
  }

  @Test func `floor and ceiling surround the value`() throws {
    #expect(Rational(-7, 2).floor == -4)
    #expect(Rational(-7, 2).ceiling == -3)
    #expect(try #require(Rational("1e30")).floor == nil)
  }
}
