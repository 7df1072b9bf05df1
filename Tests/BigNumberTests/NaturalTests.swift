import BigInt
import BigNumber
import FoundationEssentials
import SecureRandom
import Testing

/// Naturals against attaswift/BigInt, an independent implementation.
@Suite struct NaturalTests {
  /// Values where carries and sizes change, and random ones of many lengths.
  static func samples() -> [BigUInt] {
    var random = SystemRandomNumberGenerator()
    var values: [BigUInt] = [0, 1, 2, 3]
    for bits in [31, 32, 63, 64, 65, 127, 128, 192, 1024] {
      values += [(BigUInt(1) << bits) - 1, BigUInt(1) << bits, (BigUInt(1) << bits) + 1]
      values.append(BigUInt.randomInteger(withMaximumWidth: bits, using: &random))
    }
    return values
  }

  static func natural(_ value: BigUInt) -> Natural { Natural(bytes: Array(value.serialize())) }
  static func big(_ value: borrowing Natural) -> BigUInt { BigUInt(.init(value.bytes())) }

  @Test func `sums, products, quotients and remainders agree with another implementation`() {
    let values = Self.samples()
    for a in values {
      for b in values {
        let x = Self.natural(a)
        let y = Self.natural(b)
        #expect(holds(Self.big(x + y) == a + b))
        #expect(holds(Self.big(x * y) == a * b))
        if a >= b { #expect(holds(Self.big(x - y) == a - b)) }
        #expect(holds((x < y) == (a < b)))
        #expect(holds((x == y) == (a == b)))
        guard b > 0 else { continue }
        #expect(holds(Self.big(x / y) == a / b))
        #expect(holds(Self.big(x % y) == a % b))
        #expect(holds(Self.big(Natural.greatestCommonDivisor(x, y)) == a.greatestCommonDivisor(with: b)))
      }
    }
  }
}

extension NaturalTests {
  @Test func `powers and inverses agree with another implementation`() {
    var random = SystemRandomNumberGenerator()
    for bits in [8, 64, 65, 256, 512] {
      for _ in 0..<5 {
        let modulus = BigUInt.randomInteger(withExactWidth: bits, using: &random) | 1
        let base = BigUInt.randomInteger(lessThan: modulus, using: &random)
        let exponent = BigUInt.randomInteger(withMaximumWidth: bits, using: &random) + 1
        let expected = base.power(exponent, modulus: modulus)
        let (m, b, e) = (Bytes(modulus), Bytes(base), Bytes(exponent))
        #expect(holds(Self.big(b.natural.power(e.natural, modulo: m.natural)) == expected))
        #expect(holds(Self.big(b.natural.securePower(e.natural, modulo: m.natural)) == expected))
        let inverse = b.natural.inverse(modulo: m.natural)
        if let expected = base.inverse(modulus), modulus > 1 {
          if let inverse {
            #expect(holds(Self.big(inverse) == expected))
          } else {
            Issue.record("an inverse is missing")
          }
        }
      }
    }
  }

  @Test func `text and bytes round trip, and anything else is refused`() {
    for value in Self.samples() {
      let natural = Self.natural(value)
      #expect(holds(natural.decimal == String(value)))
      #expect(holds(natural.hexadecimal == String(value, radix: 16)))
      if let again = Natural(decimal: "00" + natural.decimal) {
        #expect(Self.big(again) == value)
      } else {
        Issue.record("decimal text was refused")
      }
      if let again = Natural(hexadecimal: "000" + natural.hexadecimal.uppercased()) {
        #expect(Self.big(again) == value)
      } else {
        Issue.record("hexadecimal text was refused")
      }
      #expect(holds(natural.bitWidth == value.bitWidth))
      #expect(holds(BigUInt(.init(natural.bytes(count: 200))) == value))
      #expect(holds(Self.big(natural.shiftedLeft(by: 67)) == value << 67))
      #expect(holds(Self.big(natural.shiftedRight(by: 67)) == value >> 67))
      #expect(holds(Self.big(natural.squareRoot()) == value.squareRoot()))
    }
    for text in ["", "-1", "+1", "1 ", " 1", "0x1", "1.0", "१", "g"] {
      if Natural(decimal: text) != nil { Issue.record("decimal \(text) was accepted") }
      if Natural(hexadecimal: text) != nil { Issue.record("hexadecimal \(text) was accepted") }
    }
  }

  @Test func `composites that fool weak tests are not called prime`() {
    var generator = SecureGenerator()
    // Carmichael numbers (OEIS A002997), strong pseudoprimes to the bases 2, 3, 5, 7 (OEIS A014233), squares.
    for composite: UInt in [
      561, 1105, 1729, 2465, 41041, 825_265, 2047, 1_373_653, 25_326_001, 3_215_031_751, 3_825_123_056_546_413_051, 9,
      25, 1_000_000_014_000_000_049, 0, 1, 4,
    ] {
      #expect(holds(!Natural(composite).isProbablyPrime()))
      #expect(holds(!Natural(composite).passesMillerRabin(rounds: 40, using: &generator)))
    }
    for prime: UInt in [2, 3, 5, 65537, 4_294_967_291, 18_446_744_073_709_551_557] {
      #expect(holds(Natural(prime).isProbablyPrime()))
      #expect(holds(Natural(prime).passesMillerRabin(rounds: 20, using: &generator)))
    }
  }

  @Test func `random primes have their exact length and their two top bits`() {
    var generator = SecureGenerator()
    for bits in [16, 64, 65, 256] {
      let prime = Natural.randomPrime(bits: bits, using: &generator)
      #expect(holds(prime.bitWidth == bits))
      #expect(holds(prime.bit(at: bits - 2)))
      #expect(holds(BigUInt(prime.decimal)?.isPrime() == true))
    }
  }

  @Test func `numbers below a bound are uniform`() {
    // 80,000 draws below 10: each count is binomial with mean 8000 and standard deviation below 85. A deviation of
    // 650 has probability below 1e-13 for each of the ten counts (Chernoff).
    var generator = SecureGenerator()
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<80_000 { counts[Int(Natural.random(below: Natural(10), using: &generator).lowWord)] += 1 }
    for count in counts { #expect(abs(count - 8000) < 650) }
  }

  @Test func `the Jacobi symbol is multiplicative and finds squares`() {
    let modulus = Natural(1_000_003)
    for a: UInt in 1..<60 {
      let square = Natural(a * a)
      #expect(holds(square.jacobiSymbol(over: modulus) == 1))
      for b: UInt in 1..<20 {
        let product = Natural(a * b).jacobiSymbol(over: modulus)
        #expect(holds(product == Natural(a).jacobiSymbol(over: modulus) * Natural(b).jacobiSymbol(over: modulus)))
      }
    }
  }
}

/// A copyable stand-in, because a natural cannot be a member of a tuple.
private struct Bytes {
  let bytes: [UInt8]
  init(_ value: BigUInt) { bytes = Array(value.serialize()) }
  var natural: Natural { Natural(bytes: bytes) }
}

/// Lets conditions on noncopyable values into `#expect`.
func holds(_ condition: Bool) -> Bool { condition }
