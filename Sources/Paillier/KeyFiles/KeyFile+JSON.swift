import BigNumber
import SecureRandom

/// Reading the numbers of python-paillier's key files.
enum KeyFile {
  static func check(_ json: JSONValue, _ source: String, algorithm: Bool) throws(PaillierError) {
    guard json["kty"]?.text == "DAJ" else {
      throw PaillierError(.malformed, source, "\"kty\" is not \"DAJ\"")
    }
    if algorithm, json["alg"]?.text != "PAI-GN1" {
      throw PaillierError(.malformed, source, "\"alg\" is not \"PAI-GN1\"")
    }
  }

  static func integer(_ json: JSONValue?, _ name: String) throws(PaillierError) -> Natural {
    guard let text = json?.text, text.utf8.count <= KeySize.maximumBits / 4, let bytes = Base64URL.decode(text),
      !bytes.isEmpty
    else { throw PaillierError(.malformed, name, "not an integer in unpadded base64url") }
    return Natural(bytes: bytes)
  }

  /// A whole number from 0 to 2³¹ - 1.
  static func count(_ json: JSONValue?, _ name: String) throws(PaillierError) -> Int {
    guard case .number(let digits)? = json, let value = Int32(digits), value >= 0 else {
      throw PaillierError(.malformed, name, "not a small whole number")
    }
    return Int(value)
  }

  /// Bytes in unpadded base64url, at most `limit`.
  static func bytes(_ json: JSONValue?, _ name: String, limit: Int) throws(PaillierError) -> [UInt8] {
    guard let text = json?.text, text.utf8.count <= (limit * 4 + 2) / 3, let bytes = Base64URL.decode(text) else {
      throw PaillierError(.malformed, name, "not bytes in unpadded base64url")
    }
    return bytes
  }

  static func text(_ json: JSONValue?, _ name: String) throws(PaillierError) -> String {
    guard let json else { return "" }
    guard let text = json.text else { throw PaillierError(.malformed, name, "not text") }
    return text
  }
}

extension PaillierPublicKey {
  /// Reads a public key file of python-paillier (`"kty":"DAJ"`, `"alg":"PAI-GN1"`), or the public part of a private one.
  ///
  /// A member `"tacit":{"profile":"djn"}` says that the modulus has the Damgård-Jurik-Nielsen shape, and `"purpose"` in
  /// it what the key is for.
  ///
  /// - Parameter purpose: The purpose the key must have; any when nil.
  /// - Throws: ``PaillierError`` naming the field at fault; `purpose` for a key with another label.
  public init(
    parsingJSON bytes: [UInt8], purpose: KeyPurpose? = nil, policy: KeySizePolicy = .standard
  ) throws(PaillierError) {
    let document = try JSONValue(parsing: bytes, source: "key file")
    try self.init(document["pub"] ?? document, policy: policy)
    if let purpose, purpose != self.purpose {
      throw PaillierError(.purpose, "purpose", "the key is labelled for another purpose")
    }
  }

  init(_ json: JSONValue, policy: KeySizePolicy) throws(PaillierError) {
    try KeyFile.check(json, "public key", algorithm: true)
    let n = try KeyFile.integer(json["n"], "n")
    let profile = try KeyFile.text(json["tacit"]?["profile"], "profile")
    guard profile.isEmpty || profile == "djn" else {
      throw PaillierError(.malformed, "profile", "the profile is not known")
    }
    let label = try KeyFile.text(json["tacit"]?["purpose"], "purpose")
    try self.init(
      modulus: n, damgardJurikNielsenShape: profile == "djn", keyIdentifier: KeyFile.text(json["kid"], "kid"),
      purpose: label.isEmpty ? .encryption : KeyPurpose(label), policy: policy)
  }

  /// The key in python-paillier's format, one line.
  public var json: String { jsonValue.serialized }

  var jsonValue: JSONValue {
    var members: [String: JSONValue] = [
      "kty": .string("DAJ"), "alg": .string("PAI-GN1"), "key_ops": .array([.string("encrypt")]),
      "n": .string(Base64URL.encode(modulusBytes)), "kid": .string(keyIdentifier),
    ]
    var own: [String: JSONValue] = [:]
    if hasDamgardJurikNielsenShape { own["profile"] = .string("djn") }
    if purpose != .encryption { own["purpose"] = .string(purpose.label) }
    if !own.isEmpty { members["tacit"] = .object(own) }
    return .object(members)
  }
}

extension PaillierPrivateKey {
  /// Whether a key file holds a private key.
  ///
  /// Says nothing about its validity.
  public static func isPrivateKeyFile(_ bytes: [UInt8]) -> Bool {
    if let json = try? JSONValue(parsing: bytes, source: "key file") { return json["pub"] != nil }
    return PEM.decode(bytes)?.label == pemLabel
  }

  /// Reads a private key file of python-paillier, or of javallier and older releases (`lambda` instead of `p` and `q`).
  ///
  /// Everything but the primes is recomputed. A member `"tacit"` may hold the cofactors `a` and `b` of p - 1 = 2·a·p′
  /// and q - 1 = 2·b·q′; they are checked.
  ///
  /// - Throws: ``PaillierError`` naming the field or the rule at fault.
  public init(parsingJSON bytes: [UInt8], policy: KeySizePolicy = .standard) throws(PaillierError) {
    let json = try JSONValue(parsing: bytes, source: "key file")
    try KeyFile.check(json, "private key", algorithm: false)
    guard let pub = json["pub"] else { throw PaillierError(.malformed, "pub", "the public key is missing") }
    let publicKey = try PaillierPublicKey(pub, policy: policy)
    var generator = SecureGenerator()
    let identifier = try KeyFile.text(json["kid"], "kid")
    let label = identifier.isEmpty ? publicKey.keyIdentifier : identifier
    if json["p"] != nil || json["q"] != nil {
      let p = try KeyFile.integer(json["p"], "p")
      let q = try KeyFile.integer(json["q"], "q")
      let cofactors = try Self.cofactors(json["tacit"])
      try self.init(
        p, q, modulus: publicKey.core.modulus, cofactors: cofactors, keyIdentifier: label,
        purpose: publicKey.purpose, policy: policy, using: &generator)
    } else {
      let lambda = try KeyFile.integer(json["lambda"], "lambda")
      let n = publicKey.core.modulus.copy()
      guard let p = KeyRecovery.factor(of: n, lambda: lambda, using: &generator) else {
        throw PaillierError(.keyShape, "lambda", "this is no secret exponent of the modulus")
      }
      if json["mu"] != nil {
        let mu = try KeyFile.integer(json["mu"], "mu")
        guard (mu * lambda) % n == Natural(1) else {
          throw PaillierError(.keyShape, "mu", "mu is not the inverse of lambda")
        }
      }
      let q = n / p
      try self.init(
        p, q, modulus: n, cofactors: (0, 0), keyIdentifier: label, purpose: publicKey.purpose, policy: policy,
        using: &generator)
    }
  }

  /// A key from primes made elsewhere, big-endian.
  ///
  /// - Throws: ``PaillierError``: `keySize` or `keyShape` with the rule that is broken: both prime, different, equally
  ///   long, not close together, n coprime to (p - 1)(q - 1).
  public init(
    p: [UInt8], q: [UInt8], keyIdentifier: String = "", purpose: KeyPurpose = .encryption,
    policy: KeySizePolicy = .standard
  ) throws(PaillierError) {
    guard p.count + q.count <= KeySize.maximumBits / 8 + 2 else {
      throw PaillierError(.keySize, "p", "the modulus has more than 16384 bits")
    }
    var generator = SecureGenerator()
    let first = Natural(bytes: p)
    let second = Natural(bytes: q)
    let n = first * second
    try self.init(
      first, second, modulus: n, cofactors: (0, 0), keyIdentifier: keyIdentifier, purpose: purpose, policy: policy,
      using: &generator)
  }

  private init(
    _ p: borrowing Natural, _ q: borrowing Natural, modulus: borrowing Natural, cofactors: (UInt64, UInt64),
    keyIdentifier: String, purpose: KeyPurpose, policy: KeySizePolicy, using generator: inout SecureGenerator
  ) throws(PaillierError) {
    guard p * q == modulus else { throw PaillierError(.keyShape, "p", "the primes' product is not the modulus") }
    try policy.check(modulus.bitWidth)
    if let defect = Self.keyDefect(p, q, wantsShape: false) { throw PaillierError(.keyShape, "p", defect) }
    guard Self.isPrime(p, &generator), Self.isPrime(q, &generator) else {
      throw PaillierError(.keyShape, "p", "a prime of the key is not prime")
    }
    guard Self.explains(cofactors.0, p), Self.explains(cofactors.1, q) else {
      throw PaillierError(.keyShape, "tacit", "the stated factors are not those of the primes minus 1")
    }
    try self.init(
      checkedPrimes: p.copy(), q.copy(), cofactors: cofactors,
      damgardJurikNielsenShape: Self.hasDamgardJurikNielsenShape(p, q), keyIdentifier: keyIdentifier,
      purpose: purpose)
  }

  private static func isPrime(_ number: borrowing Natural, _ generator: inout SecureGenerator) -> Bool {
    number.isProbablyPrime() && number.passesMillerRabin(rounds: 20, using: &generator)
  }

  /// Whether (prime - 1)/(2·cofactor) is an odd prime and the cofactor odd; 0 claims nothing.
  private static func explains(_ cofactor: UInt64, _ prime: borrowing Natural) -> Bool {
    guard cofactor != 0 else { return true }
    guard cofactor % 2 == 1, cofactor < 1 << 32 else { return false }
    let divisor = Natural(UInt(2 * cofactor))
    let parts = (prime - 1).quotientAndRemainder(dividingBy: divisor)
    return parts.remainder.isZero && parts.quotient.isOdd && parts.quotient.isProbablyPrime()
  }

  private static func cofactors(_ json: JSONValue?) throws(PaillierError) -> (UInt64, UInt64) {
    guard let json, json["a"] != nil || json["b"] != nil else { return (0, 0) }
    let a = try KeyFile.integer(json["a"], "tacit.a")
    let b = try KeyFile.integer(json["b"], "tacit.b")
    guard a.bitWidth <= 32, b.bitWidth <= 32 else {
      throw PaillierError(.malformed, "tacit", "a cofactor has more than 32 bits")
    }
    return (UInt64(a.lowWord), UInt64(b.lowWord))
  }

  /// The whole key, secrets included, in python-paillier's format on one line.
  ///
  /// For writing to a protected file.
  public borrowing func exportSecretJSON() -> String {
    var members: [String: JSONValue] = [
      "kty": .string("DAJ"), "key_ops": .array([.string("decrypt")]), "kid": .string(publicKey.keyIdentifier),
      "pub": publicKey.jsonValue,
      "p": .string(core.p.withValue { Base64URL.encode($0.bytes()) }),
      "q": .string(core.q.withValue { Base64URL.encode($0.bytes()) }),
    ]
    if hasKnownFactors {
      members["tacit"] = .object([
        "a": .string(Base64URL.encode(Natural(UInt(core.halfP.cofactor)).bytes())),
        "b": .string(Base64URL.encode(Natural(UInt(core.halfQ.cofactor)).bytes())),
      ])
    }
    return JSONValue.object(members).serialized
  }
}

/// Finding the primes when a key file gives a secret exponent only.
enum KeyRecovery {
  /// A prime factor of n, given any positive multiple of the order of all units modulo n.
  ///
  /// The multiple is halved until it is odd; squaring a random unit's power back up meets a square root of 1 that is
  /// neither 1 nor -1 with probability at least 1/2.
  static func factor(
    of n: borrowing Natural, lambda: borrowing Natural, using generator: inout SecureGenerator
  ) -> Natural? {
    guard !lambda.isZero, !lambda.isOdd, lambda.bitWidth <= 2 * n.bitWidth, n.bitWidth > 3 else { return nil }
    var twos = 0
    while !lambda.bit(at: twos) { twos += 1 }
    let odd = lambda.shiftedRight(by: twos)
    let one = Natural(1)
    let minusOne = n - one
    for _ in 0..<128 {
      let base = Natural.random(below: minusOne, using: &generator) + 1
      var x = base.power(odd, modulo: n)
      if x == one || x == minusOne { continue }
      for _ in 0..<twos {
        let square = (x * x) % n
        if square == one {
          let factor = Natural.greatestCommonDivisor(x - 1, n)
          if factor != one, factor != n { return factor }
          break
        }
        if square == minusOne { break }
        x = square
      }
    }
    return nil
  }
}
