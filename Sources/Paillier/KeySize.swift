/// The size of a modulus in bits.
public struct KeySize: Hashable, Sendable {
  /// Bits of n.
  public let bits: Int

  /// About 112 bits of security (NIST SP 800-57); the smallest size allowed.
  public static let bits2048 = KeySize(unchecked: 2048)
  /// About 128 bits of security; the default everywhere.
  public static let bits3072 = KeySize(unchecked: 3072)
  /// More than 128 bits of security.
  public static let bits4096 = KeySize(unchecked: 4096)

  /// The default of the library and of the command line.
  public static let standard = bits3072

  /// The largest modulus handled.
  public static let maximumBits = 16_384

  /// An even size of at least 2048 bits.
  ///
  /// - Throws: ``PaillierError`` with code `keySize` below 2048, above 16384 or for an odd number.
  public init(bits: Int) throws(PaillierError) {
    guard bits >= KeySize.bits2048.bits, bits <= KeySize.maximumBits, bits % 2 == 0 else {
      throw PaillierError(.keySize, "bits", "a key has an even number of bits from 2048 to 16384")
    }
    self.bits = bits
  }

  /// Any even size from 160 bits, for tests only: such a key is broken in practice.
  ///
  /// - Throws: ``PaillierError`` with code `keySize`.
  public static func insecure(bits: Int) throws(PaillierError) -> KeySize {
    guard bits >= 160, bits <= KeySize.maximumBits, bits % 2 == 0 else {
      throw PaillierError(.keySize, "bits", "an insecure key has an even number of bits from 160 to 16384")
    }
    return KeySize(unchecked: bits)
  }

  private init(unchecked bits: Int) { self.bits = bits }
}

/// Which moduli a reader of keys accepts.
public enum KeySizePolicy: Sendable, Hashable {
  /// 2048 bits or more.
  case standard
  /// Any size: test vectors and experiments. Such keys protect nothing.
  case insecureAnySize

  func check(_ bits: Int) throws(PaillierError) {
    guard bits <= KeySize.maximumBits else {
      throw PaillierError(.keySize, "n", "the modulus has more than 16384 bits")
    }
    if self == .standard, bits < KeySize.bits2048.bits {
      throw PaillierError(.keySize, "n", "the modulus has fewer than 2048 bits")
    }
  }
}
