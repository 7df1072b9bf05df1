package import SecureRandom

/// Shamir's sharing (1979) of 32 secret bytes, over the integers modulo the prime 2^61 − 1.
///
/// The bytes are cut into five limbs of at most 52 bits, each the constant term of its own random polynomial of degree
/// t − 1; a share is the five values at a point. Fewer than t shares are independent of the secret, limb by limb. Every
/// operation on secrets is a fixed sequence of multiplications, additions and masks, without a branch or an index that
/// depends on them.
package enum SeedShares {
  /// 2^61 − 1.
  static let prime: UInt64 = (1 << 61) - 1
  /// Bytes of a share.
  static let byteCount = 40
  private static let limbs = 5

  /// Shares at distinct points above 0.
  package static func deal<Source: RandomWords & ~Copyable>(
    _ secret: [UInt8], threshold: Int, points: [Int], using source: inout Source
  ) -> [[UInt8]] {
    precondition(secret.count == 32 && threshold >= 1, "32 bytes and at least one share")
    var coefficients = [UInt64](repeating: 0, count: threshold * limbs)
    for (limb, value) in cut(secret).enumerated() { coefficients[limb] = value }
    for index in limbs..<max(limbs, threshold * limbs) { coefficients[index] = element(using: &source) }
    var shares: [[UInt8]] = []
    shares.reserveCapacity(points.count)
    for point in points.map(UInt64.init) {
      var share: [UInt8] = []
      share.reserveCapacity(byteCount)
      for limb in 0..<limbs {
        var value: UInt64 = 0
        for degree in stride(from: threshold - 1, through: 0, by: -1) {
          value = add(multiply(value, point), coefficients[degree * limbs + limb])
        }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
          share.append(UInt8(truncatingIfNeeded: value >> shift))
        }
      }
      shares.append(share)
    }
    for index in coefficients.indices { coefficients[index] = 0 }
    return shares
  }

  /// The secret behind shares at distinct points, or nil when a share is not canonical or the shares do not meet in a
  /// 32-byte secret.
  package static func combine(_ shares: [(point: Int, share: [UInt8])]) -> [UInt8]? {
    let weights = lagrange(shares.map { UInt64($0.point) })
    return combine(shares.map(\.share), weights: weights)
  }

  /// As above with the Lagrange weights of the points, which many secrets of one set of holders share.
  static func combine(_ shares: [[UInt8]], weights: [UInt64]) -> [UInt8]? {
    var values = [UInt64](repeating: 0, count: limbs)
    for (share, weight) in zip(shares, weights) {
      guard let elements = elements(of: share) else { return nil }
      for limb in 0..<limbs { values[limb] = add(values[limb], multiply(elements[limb], weight)) }
    }
    return join(values)
  }

  /// Whether the bytes are five reduced elements.
  static func isCanonical(_ share: [UInt8]) -> Bool { elements(of: share) != nil }

  /// λ_i = Π_{j≠i} x_j / (x_j − x_i), the weights that read a polynomial at 0.
  static func lagrange(_ points: [UInt64]) -> [UInt64] {
    points.map { own in
      var numerator: UInt64 = 1
      var denominator: UInt64 = 1
      for other in points where other != own {
        numerator = multiply(numerator, other)
        denominator = multiply(denominator, add(other, prime - own))
      }
      return multiply(numerator, inverse(denominator))
    }
  }

  private static func elements(of share: [UInt8]) -> [UInt64]? {
    guard share.count == byteCount else { return nil }
    var result = [UInt64](repeating: 0, count: limbs)
    for (index, byte) in share.enumerated() { result[index / 8] = result[index / 8] << 8 | UInt64(byte) }
    return result.allSatisfy { $0 < prime } ? result : nil
  }

  private static func cut(_ secret: [UInt8]) -> [UInt64] {
    var result = [UInt64](repeating: 0, count: limbs)
    for bit in 0..<256 {
      result[bit / 52] |= UInt64(secret[bit / 8] >> UInt8(bit % 8) & 1) << UInt64(bit % 52)
    }
    return result
  }

  private static func join(_ values: [UInt64]) -> [UInt8]? {
    guard values[0..<4].allSatisfy({ $0 < 1 << 52 }), values[4] < 1 << 48 else { return nil }
    var secret = [UInt8](repeating: 0, count: 32)
    for bit in 0..<256 {
      secret[bit / 8] |= UInt8(truncatingIfNeeded: values[bit / 52] >> UInt64(bit % 52) & 1) << UInt8(bit % 8)
    }
    return secret
  }

  private static func element<Source: RandomWords & ~Copyable>(using source: inout Source) -> UInt64 {
    while true {
      let word = source.next() >> 3
      if word < prime { return word }
    }
  }

  /// a + b mod 2^61 − 1 of reduced a and b.
  @inline(__always)
  private static func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let sum = a &+ b
    let less = sum &- prime
    // All ones when the difference went below zero.
    let borrow = UInt64(bitPattern: Int64(bitPattern: less) >> 63)
    return less &+ (prime & borrow)
  }

  @inline(__always)
  private static func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    // 2^61 ≡ 1: the bits above the 61st are added to those below.
    let high = product.high << 3 | product.low >> 61
    return add(product.low & prime, high)
  }

  /// a^(p−2) by Fermat; points are public.
  private static func inverse(_ a: UInt64) -> UInt64 {
    var result: UInt64 = 1
    var base = a
    var exponent = prime - 2
    while exponent > 0 {
      if exponent & 1 == 1 { result = multiply(result, base) }
      base = multiply(base, base)
      exponent >>= 1
    }
    return result
  }
}
