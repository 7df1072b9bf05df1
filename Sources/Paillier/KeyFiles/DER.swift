import BigNumber

/// The part of DER (X.690) that key files need: sequences of non-negative integers.
enum DER {
  /// A SEQUENCE of INTEGERs from big-endian magnitudes.
  static func sequence(_ integers: [[UInt8]]) -> [UInt8] {
    var body: [UInt8] = []
    for integer in integers {
      var digits = Array(integer.drop { $0 == 0 })
      if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
      body += [0x02] + length(digits.count) + digits
    }
    return [0x30] + length(body.count) + body
  }

  /// The magnitudes of a SEQUENCE of exactly `count` non-negative INTEGERs, or nil for anything that is not canonical.
  static func integers(_ bytes: [UInt8], count: Int) -> [[UInt8]]? {
    var position = 0
    guard let whole = header(0x30, bytes, &position), whole == bytes.count - position else { return nil }
    var result: [[UInt8]] = []
    while position < bytes.count {
      guard result.count < count, let length = header(0x02, bytes, &position), length >= 1 else { return nil }
      let digits = bytes[position..<(position + length)]
      position += length
      guard let first = digits.first, first < 0x80 else { return nil }
      // A leading zero is there only to keep the number positive.
      if first == 0, length > 1, digits[digits.startIndex + 1] < 0x80 { return nil }
      result.append(Array(first == 0 ? digits.dropFirst() : digits))
    }
    return result.count == count ? result : nil
  }

  private static func length(_ count: Int) -> [UInt8] {
    guard count >= 128 else { return [UInt8(count)] }
    var digits: [UInt8] = []
    var rest = count
    while rest > 0 {
      digits.insert(UInt8(rest & 255), at: 0)
      rest >>= 8
    }
    return [0x80 | UInt8(digits.count)] + digits
  }

  /// Reads a tag and a length that lies within the bytes.
  private static func header(_ tag: UInt8, _ bytes: [UInt8], _ position: inout Int) -> Int? {
    guard position + 2 <= bytes.count, bytes[position] == tag else { return nil }
    var length = Int(bytes[position + 1])
    position += 2
    if length >= 128 {
      let digits = length - 128
      guard (1...3).contains(digits), position + digits <= bytes.count, bytes[position] != 0 else { return nil }
      length = bytes[position..<(position + digits)].reduce(0) { $0 << 8 | Int($1) }
      guard length >= 128 else { return nil }
      position += digits
    }
    return length <= bytes.count - position ? length : nil
  }
}

/// Text armour (RFC 7468).
enum PEM {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8], label: String) -> String {
    var text = "-----BEGIN \(label)-----\n"
    var line: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let taken = min(3, bytes.count - start)
      var group: UInt32 = 0
      for offset in 0..<3 { group = group << 8 | UInt32(offset < taken ? bytes[start + offset] : 0) }
      for position in 0..<4 {
        line.append(position <= taken ? alphabet[Int(group >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
      }
      if line.count == 64 || start + 3 >= bytes.count {
        text += String(decoding: line, as: UTF8.self) + "\n"
        line = []
      }
    }
    return text + "-----END \(label)-----\n"
  }

  /// The label and the bytes of the one block a text holds, or nil.
  static func decode(_ text: [UInt8]) -> (label: String, bytes: [UInt8])? {
    let lines = text.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).map { String(decoding: $0, as: UTF8.self) }
    guard lines.count >= 3, let first = lines.first, first.hasPrefix("-----BEGIN "), first.hasSuffix("-----"),
      first.utf8.count >= 17
    else { return nil }
    let label = String(first.dropFirst(11).dropLast(5))
    guard lines.last == "-----END \(label)-----" else { return nil }
    var digits: [UInt8] = []
    for line in lines.dropFirst().dropLast() { digits += Array(line.utf8) }
    guard digits.count % 4 == 0 else { return nil }
    let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    let translated = digits.dropLast(padding).map { digit -> UInt8 in
      switch digit {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      // The other alphabet's own characters are none of this one's.
      case UInt8(ascii: "-"), UInt8(ascii: "_"): 0
      default: digit
      }
    }
    guard let bytes = Base64URL.decode(String(decoding: translated, as: UTF8.self)) else { return nil }
    return (label, bytes)
  }
}

extension PaillierPublicKey {
  static let pemLabel = "PAILLIER PUBLIC KEY"

  /// The key as Tongsuo's ASN.1 in PEM: SEQUENCE { n, g } with g = n + 1.
  public var pem: String {
    PEM.encode(DER.sequence([modulusBytes, (core.modulus + 1).bytes()]), label: Self.pemLabel)
  }

  /// Reads the PEM of a public or a private key.
  ///
  /// The format says nothing of the modulus' shape, so ciphertexts under the key get full-range noise.
  ///
  /// - Throws: ``PaillierError``: `malformed`, `keySize` or `keyShape`.
  public init(parsingPEM text: [UInt8], policy: KeySizePolicy = .standard) throws(PaillierError) {
    guard text.count <= 1 << 16, let block = PEM.decode(text) else {
      throw PaillierError(.malformed, "key file", "not a PEM file")
    }
    if block.label == PaillierPrivateKey.pemLabel {
      self = try PaillierPrivateKey(parsingPEM: text, policy: policy).publicKey
      return
    }
    guard block.label == Self.pemLabel, let numbers = DER.integers(block.bytes, count: 2) else {
      throw PaillierError(.malformed, "key file", "not a Paillier public key in DER")
    }
    let n = Natural(bytes: numbers[0])
    guard Natural(bytes: numbers[1]) == n + 1 else {
      throw PaillierError(.keyShape, "g", "the generator is not n + 1")
    }
    try self.init(modulus: numbers[0], policy: policy)
  }
}

extension PaillierPrivateKey {
  static let pemLabel = "PAILLIER PRIVATE KEY"

  /// The whole key, secrets included, as Tongsuo's ASN.1 in PEM: SEQUENCE { 0, n, p, q, g, λ, u }.
  ///
  /// The factors of p - 1 and q - 1 and the labels have no place in this format and are lost.
  public borrowing func exportSecretPEM() -> String {
    let n = publicKey.core.modulus.copy()
    let numbers = core.p.withValue { p in
      core.q.withValue { q in
        let lambda = Self.carmichael(p, q)
        let u = lambda.inverse(modulo: n)?.bytes() ?? []
        return [[], n.bytes(), p.bytes(), q.bytes(), (n + 1).bytes(), lambda.bytes(), u]
      }
    }
    return PEM.encode(DER.sequence(numbers), label: Self.pemLabel)
  }

  /// Reads Tongsuo's PEM; everything but the primes is recomputed and compared.
  ///
  /// - Throws: ``PaillierError``: `malformed`, `keySize`, or `keyShape` with the rule that is broken.
  public init(parsingPEM text: [UInt8], policy: KeySizePolicy = .standard) throws(PaillierError) {
    guard text.count <= 1 << 16, let block = PEM.decode(text), block.label == Self.pemLabel,
      let numbers = DER.integers(block.bytes, count: 7)
    else { throw PaillierError(.malformed, "key file", "not a Paillier private key in PEM") }
    guard numbers[0].isEmpty else { throw PaillierError(.malformed, "version", "only keys of two primes are known") }
    let n = Natural(bytes: numbers[1])
    let p = Natural(bytes: numbers[2])
    let q = Natural(bytes: numbers[3])
    guard p * q == n, p.bitWidth > 1, q.bitWidth > 1 else {
      throw PaillierError(.keyShape, "p", "the primes' product is not the modulus")
    }
    let lambda = Self.carmichael(p, q)
    guard Natural(bytes: numbers[4]) == n + 1 else {
      throw PaillierError(.keyShape, "g", "the generator is not n + 1")
    }
    guard Natural(bytes: numbers[5]) == lambda else {
      throw PaillierError(.keyShape, "lambda", "lambda is not that of the primes")
    }
    guard (Natural(bytes: numbers[6]) * lambda) % n == Natural(1), Natural(bytes: numbers[6]) < n else {
      throw PaillierError(.keyShape, "u", "u is not the inverse of lambda")
    }
    try self.init(p: numbers[2], q: numbers[3], policy: policy)
  }

  /// lcm(p - 1, q - 1).
  private static func carmichael(_ p: borrowing Natural, _ q: borrowing Natural) -> Natural {
    let first = p - 1
    let second = q - 1
    return (first / Natural.greatestCommonDivisor(first, second)) * second
  }
}
