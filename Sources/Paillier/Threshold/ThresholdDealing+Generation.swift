import BigNumber
import SecureRandom

extension ThresholdDealing {
  /// Deals: d is 0 modulo M = p′q′ and 1 modulo n; party i gets f(i) for a random polynomial f modulo nM with f(0) = d.
  init(_ size: KeySize, _ threshold: Int, _ parties: Int) {
    var generator = SecureGenerator()
    let bits = size.bits / 2
    let one = Natural(1)
    while true {
      let p = Natural.randomSafePrime(bits: bits, using: &generator)
      let q = Natural.randomSafePrime(bits: bits, using: &generator)
      let n = p * q
      guard PaillierPrivateKey.keyDefect(p, q, wantsShape: true) == nil, n.bitWidth == size.bits else { continue }
      let m = (p / 2) * (q / 2)
      guard let inverse = m.inverse(modulo: n) else { continue }
      let range = n * m
      let square = n * n

      var coefficients = [SharedSecret(m * inverse)]
      for _ in 1..<max(threshold, 1) {
        coefficients.append(SharedSecret(Natural.random(below: range, using: &generator)))
      }
      let root = Natural.random(below: square, using: &generator)
      guard Natural.greatestCommonDivisor(root, n) == one else { continue }
      let publicKey = PaillierPublicKey(
        trusted: n, damgardJurikNielsenShape: true, keyIdentifier: "", purpose: .threshold)
      let core = publicKey.core
      let base = (root * root) % square
      let delta = (1...UInt(parties)).reduce(1, *)

      var shares: [SharedSecret] = []
      var keys: [SharedNatural] = []
      for party in 1...UInt(parties) {
        var value = Natural()
        for coefficient in coefficients.reversed() {
          value = coefficient.value.withValue { (value * party + $0) % range }
        }
        let exponent = value * delta
        keys.append(SharedNatural(core.securePower(base, exponent, bits: ThresholdKey.shareBits(publicKey, delta))))
        shares.append(SharedSecret(value))
      }
      self.init(
        key: ThresholdKey(
          publicKey: publicKey, threshold: threshold, parties: parties,
          verification: VerificationKeys(base: base, keys: keys)),
        shares: shares)
      return
    }
  }
}

extension ThresholdKey {
  /// Bits of delta times a share: a bound that depends on public facts only.
  static func shareBits(_ key: PaillierPublicKey, _ delta: UInt) -> Int {
    2 * key.bitWidth + UInt.bitWidth - delta.leadingZeroBitCount
  }
}

extension PublicKeyCore {
  /// base^exponent modulo n², walking `bits` bits whatever the exponent is.
  func securePower(_ base: borrowing Natural, _ exponent: borrowing Natural, bits: Int) -> Natural {
    let scratch = ring.makeScratch()
    let pair = ring.makePair()
    let words = LimbBuffer(count: (bits + 63) / 64)
    unsafe exponent.export(to: words.base, count: words.count)
    unsafe split(base, into: pair.base)
    unsafe ring.multiply(pair.base, pair.base, ring.radixSquared, scratch.base)
    unsafe ring.power(pair.base, pair.base, exponent: words.base, bits: bits, variableTime: false, scratch.base)
    unsafe ring.multiply(pair.base, pair.base, ring.unit, scratch.base)
    return unsafe number(pair.base)
  }
}
