import BigNumber
import Paillier
import Testing

/// Sealed keys, PEM, purposes and doubled decryption.
@Suite struct KeyFileTests {
  /// RFC 7914 section 12; the vector with N = 16, r = 1 has another block size and is left out.
  @Test func `scrypt gives the published keys`() {
    let first = Scrypt.key(
      passphrase: Array("password".utf8), salt: Array("NaCl".utf8), cost: 10, lanes: 16, count: 64)
    #expect(
      Natural(bytes: first).hexadecimal
        == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    )
    let second = Scrypt.key(
      passphrase: Array("pleaseletmein".utf8), salt: Array("SodiumChloride".utf8), cost: 14, count: 64)
    #expect(
      Natural(bytes: second).hexadecimal
        == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    )
  }

  @Test func `a sealed key opens with its passphrase and with no other, and any change shuts it`() throws {
    let key = try SharedKey.key()
    let passphrase = Array("correct horse".utf8)
    let sealed = Array(try key.exportSealedJSON(passphrase: passphrase, cost: 14).utf8)
    #expect(PaillierPrivateKey.isSealed(sealed))
    #expect(!PaillierPrivateKey.isSealed(SharedKey.json))
    let again = try PaillierPrivateKey(
      parsingSealedJSON: sealed, passphrase: passphrase, policy: .insecureAnySize)
    #expect(again.exportSecretJSON() == key.exportSecretJSON())
    // The public part needs no passphrase, and no secret is in clear.
    #expect(try PaillierPublicKey(parsingJSON: sealed, policy: .insecureAnySize) == key.publicKey)
    let text = String(decoding: sealed, as: UTF8.self)
    let secret = try JSONValue(parsing: SharedKey.json, source: "key")
    for name in ["p", "q"] { #expect(!text.contains(try #require(secret[name]?.text))) }
    #expect(try key.exportSealedJSON(passphrase: passphrase, cost: 14) != text, "salt and nonce are fresh")

    for wrong in ["correct horsf", "correct hors", "x"] {
      #expect(opening(sealed, Array(wrong.utf8)) == .sealing)
    }
    let json = try JSONValue(parsing: sealed, source: "key")
    guard case .object(let members) = json else { return }
    let foreign = try JSONValue(parsing: SharedKey.foreignJSON, source: "key")
    for (name, value, code) in [
      ("pub", foreign["pub"], PaillierError.Code.sealing), ("cost", .number("15"), .sealing),
      ("cost", .number("13"), .malformed), ("cost", .number("40"), .malformed), ("kdf", .string("none"), .malformed),
      ("salt", .string(String(repeating: "A", count: 43)), .sealing), ("salt", .string("AA"), .malformed),
      ("nonce", .string(String(repeating: "A", count: 16)), .sealing), ("sealed", .string("AAAA"), .malformed),
      ("extra", .null, .malformed), ("enc", nil, .malformed),
    ] {
      var changed = members
      changed[name] = value
      #expect(opening(Array(JSONValue.object(changed).serialized.utf8), passphrase) == code, "\(name)")
    }
    let box = try #require(json["sealed"]?.text)
    for index in [0, box.utf8.count / 2, box.utf8.count - 3] {
      var digits = Array(box.utf8)
      digits[index] = digits[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      var changed = members
      changed["sealed"] = .string(String(decoding: digits, as: UTF8.self))
      #expect(opening(Array(JSONValue.object(changed).serialized.utf8), passphrase) == .sealing)
    }
    #expect(
      refusal { () throws(PaillierError) in _ = try key.exportSealedJSON(passphrase: []) } == .invalidParameter)
  }

  private func opening(_ bytes: [UInt8], _ passphrase: [UInt8]) -> PaillierError.Code? {
    refusal { () throws(PaillierError) in
      _ = try PaillierPrivateKey(parsingSealedJSON: bytes, passphrase: passphrase, policy: .insecureAnySize)
    }
  }

  @Test func `PEM goes there and back, and each wrong number in it is refused`() throws {
    let key = try SharedKey.key()
    let text = key.exportSecretPEM()
    #expect(text.hasPrefix("-----BEGIN PAILLIER PRIVATE KEY-----\n"))
    let again = try PaillierPrivateKey(parsingPEM: Array(text.utf8), policy: .insecureAnySize)
    #expect(again.publicKey == key.publicKey)
    #expect(again.exportSecretPEM() == text)
    #expect(try PaillierPublicKey(parsingPEM: Array(text.utf8), policy: .insecureAnySize) == key.publicKey)
    let open = key.publicKey.pem
    #expect(try PaillierPublicKey(parsingPEM: Array(open.utf8), policy: .insecureAnySize) == key.publicKey)
    #expect(PaillierPrivateKey.isPrivateKeyFile(Array(text.utf8)))
    #expect(!PaillierPrivateKey.isPrivateKeyFile(Array(open.utf8)))
    var encryptor = try Encryptor(again)
    #expect(try key.decryptDecimal(try encryptor.encrypt(decimal: "-9")) == "-9")
    #expect(
      refusal { () throws(PaillierError) in _ = try PaillierPrivateKey(parsingPEM: Array(text.utf8)) } == .keySize)
  }

  /// n = 15 = 3·5 in DER by hand: lambda = lcm(2, 4) = 4 and u = 4, since 4·4 = 16 = 1 modulo 15.
  @Test func `DER written by hand is read, and each change of it is refused`() throws {
    func pem(_ body: [UInt8]) -> [UInt8] {
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
      var text = Array("-----BEGIN PAILLIER PRIVATE KEY-----\n".utf8)
      for start in stride(from: 0, to: body.count, by: 3) {
        let part = Array(body[start..<min(start + 3, body.count)])
        let group = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
        for position in 0..<4 {
          text.append(position <= part.count ? alphabet[group >> (18 - 6 * position) & 63] : UInt8(ascii: "="))
        }
      }
      return text + Array("\n-----END PAILLIER PRIVATE KEY-----\n".utf8)
    }
    func code(_ body: [UInt8]) -> PaillierError.Code? {
      refusal { () throws(PaillierError) in
        _ = try PaillierPrivateKey(parsingPEM: pem(body), policy: .insecureAnySize)
      }
    }
    let good: [UInt8] = [0x30, 21, 2, 1, 0, 2, 1, 35, 2, 1, 5, 2, 1, 7, 2, 1, 36, 2, 1, 12, 2, 1, 3]
    #expect(code(good) == nil, "35 = 5·7, lambda 12, 12·3 = 36 = 1 modulo 35")
    for (position, value, expected) in [
      (4, 1, PaillierError.Code.malformed), (7, 21, .keyShape), (10, 7, .keyShape), (16, 37, .keyShape),
      (19, 24, .keyShape), (22, 4, .keyShape), (0, 0x31, .malformed), (1, 20, .malformed), (1, 22, .malformed),
      (2, 4, .malformed), (3, 2, .malformed), (7, 0xA3, .malformed), (6, 0x81, .malformed),
    ] {
      var changed = good
      changed[position] = UInt8(value)
      #expect(code(changed) == expected, "byte \(position)")
    }
    #expect(code(good + [0]) == .malformed)
    #expect(code(Array(good.dropLast())) == .malformed)
    #expect(code([0x30, 22, 2, 2, 0, 0] + good[5...]) == .malformed, "a number has one encoding")
    #expect(code([0x30, 0x81, 21] + good[2...]) == .malformed, "a length has one encoding")
    #expect(code([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]) == .malformed)
    #expect(code([]) == .malformed)
  }

  @Test func `a key under another label is another key`() throws {
    let label = try KeyPurpose("payroll-2026")
    let key = try PaillierPrivateKey.generate(try KeySize.insecure(bits: 256), purpose: label)
    #expect(key.publicKey.purpose == label)
    let file = Array(key.publicKey.json.utf8)
    let own = try PaillierPublicKey(parsingJSON: file, purpose: label, policy: .insecureAnySize)
    #expect(own == key.publicKey)
    for other in [KeyPurpose.encryption, .threshold] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try PaillierPublicKey(parsingJSON: file, purpose: other, policy: .insecureAnySize)
        } == .purpose)
    }
    // The same modulus without the label is foreign to the key, in every operation.
    let bare = try PaillierPublicKey(
      modulus: own.modulusBytes, damgardJurikNielsenShape: true, policy: .insecureAnySize)
    #expect(bare != own)
    var encryptor = try Encryptor(bare)
    let number = try encryptor.encrypt(decimal: "1")
    #expect(refusal { () throws(PaillierError) in _ = try key.decryptDecimal(number) } == .foreignKey)
    // The label survives the private file.
    let again = try PaillierPrivateKey(
      parsingJSON: Array(key.exportSecretJSON().utf8), policy: .insecureAnySize)
    #expect(again.publicKey.purpose == label)
    for bad in ["", "Upper", "with space", "a\nb", String(repeating: "a", count: 65)] {
      #expect(refusal { () throws(PaillierError) in _ = try KeyPurpose(bad) } == .invalidParameter)
    }
  }

  @Test func `a flip in digit 0 is always caught, one in digit 1 by the doubled computation`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let number = try encryptor.encrypt(decimal: "123456789").ciphertext
    let limbs = 256 / 64
    for modulo in 0...1 {
      for limb in 0..<limbs {
        for bit in [0, 17, 63] {
          let low = DecryptionFault(modulo: modulo, digit: 0, limb: limb, bit: bit)
          let high = DecryptionFault(modulo: modulo, digit: 1, limb: limb, bit: bit)
          #expect(fault(key, number, low, twice: false) == .decryptionFailed)
          #expect(fault(key, number, low, twice: true) == .decryptionFailed)
          // Alone it goes through and would hand out a factor of n: that is what the doubled computation is for.
          #expect(fault(key, number, high, twice: false) == nil)
          #expect(fault(key, number, high, twice: true) == .decryptionFailed)
        }
      }
    }
    #expect(try key.decryptResidue(number: number, checkedTwice: true).decimal == "123456789")
    let plan = try SlotPlan(valueBits: 8, maxSummands: 2, for: key.publicKey)
    let vector = try encryptor.encrypt([1, -2, 3], plan)
    #expect(try key.decrypt(vector, checkedTwice: true, threads: 2) == [1, -2, 3])
  }

  private func fault(
    _ key: borrowing PaillierPrivateKey, _ number: borrowing Natural, _ fault: DecryptionFault, twice: Bool
  ) -> PaillierError.Code? {
    do throws(PaillierError) {
      _ = try key.decryptResidue(number: number, checkedTwice: twice, fault: fault)
      return nil
    } catch { return error.code }
  }
}
