import BigNumber
import Paillier
import Testing

/// Single ciphertexts: homomorphism, canonical form, and refusals.
@Suite struct CiphertextTests {
  @Test func `addition and scalar products are those of integers, negative ones too`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    for _ in 0..<30 {
      let (a, b, w) = (
        Int.random(in: -1 << 40...1 << 40), Int.random(in: -1 << 40...1 << 40), Int.random(in: -999...999)
      )
      let x = try encryptor.encrypt(decimal: "\(a)")
      let y = try encryptor.encrypt(decimal: "\(b)")
      let result = try x.adding(y).multiplied(by: "\(w)")
      #expect(try key.decryptDecimal(result) == "\((a + b) * w)")
    }
  }

  @Test func `sums across machine-word boundaries are exact`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    for power in [31, 32, 63, 64, 127, 128] {
      let edge = Natural.powerOfTwo(power)
      let below = try encryptor.encrypt(decimal: (edge - 1).decimal)
      let one = try encryptor.encrypt(decimal: "1")
      let minus = try encryptor.encrypt(decimal: "-" + edge.decimal)
      #expect(try key.decryptDecimal(below.adding(one)) == edge.decimal)
      #expect(try key.decryptDecimal(below.adding(minus)) == "-1")
      #expect(try key.decryptDecimal(below.adding(one).adding(minus)) == "0")
    }
  }

  @Test func `every ciphertext is between 0 and n², whatever the sign`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key.publicKey)
    let square = key.publicKey.core.modulus * key.publicKey.core.modulus
    for value in ["-1", "0", "1", "-123456789012345678901234567890"] {
      for _ in 0..<20 {
        let number = try encryptor.encrypt(decimal: value)
        let scaled = try number.multiplied(by: "-3")
        for c in [
          number.ciphertext.bytes(), scaled.ciphertext.bytes(),
          try scaled.rerandomized(using: &encryptor).ciphertext.bytes(),
        ] {
          let c = Natural(bytes: c)
          #expect(holds(!c.isZero && c < square))
        }
      }
    }
  }

  @Test func `a product with 0 is transparent until it is re-randomised`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key.publicKey)
    let zero = try encryptor.encrypt(decimal: "5").multiplied(by: "0")
    #expect(zero.isTransparent)
    let fresh = try zero.rerandomized(using: &encryptor)
    #expect(!fresh.isTransparent)
    #expect(try key.decryptDecimal(fresh) == "0")
  }

  @Test func `plaintexts beyond a third of the modulus are refused, and the guard zone does not decrypt`() throws {
    let key = try SharedKey.key()
    let core = key.publicKey.core
    var encryptor = try Encryptor(key)
    let largest = core.largestMagnitude
    for text in [largest.decimal, "-" + largest.decimal] {
      #expect(try key.decryptDecimal(try encryptor.encrypt(decimal: text)) == text)
    }
    for text in [(largest + 1).decimal, "-" + (largest + 1).decimal, "", "-", "1.5", "abc", "--1"] {
      do throws(PaillierError) {
        _ = try encryptor.encrypt(decimal: text)
        Issue.record("\(text) was accepted")
      } catch { #expect(error.code == .valueOutOfRange) }
    }
    let edge = try encryptor.encrypt(decimal: largest.decimal)
    let overflow = try edge.adding(try encryptor.encrypt(decimal: "1"))
    #expect(refusal { () throws(PaillierError) in _ = try key.decryptDecimal(overflow) } == .decryptionFailed)
  }

  @Test func `ciphertexts that are 0, too large, or share a factor with n are refused`() throws {
    let key = try SharedKey.key()
    let n = key.publicKey.core.modulus.copy()
    let json = try JSONValue(parsing: SharedKey.json, source: "key")
    #expect(json["p"] != nil)
    let square = n * n
    for bad in [Natural().bytes(), square.bytes(), (square + 1).bytes(), n.bytes(), (n * 5).bytes()] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try EncryptedNumber<Fresh>(key.publicKey, ciphertext: Natural(bytes: bad), exponent: 0)
        } == .malformed)
    }
  }

  @Test func `a fault in the first digit and a ciphertext that is no unit give the one decryption error`() throws {
    let key = try SharedKey.key()
    let n = key.publicKey.core.modulus.copy()
    #expect(
      refusal { () throws(PaillierError) in _ = try key.decryptResidue(number: n * 5) } == .decryptionFailed)
    #expect(refusal { () throws(PaillierError) in _ = try key.decryptResidue(number: n * n) } == .malformed)
  }

  @Test func `ciphertexts of another key are refused everywhere`() throws {
    let key = try SharedKey.key()
    let foreign = try SharedKey.foreignKey()
    var own = try Encryptor(key)
    var other = try Encryptor(foreign)
    let (x, y) = (try own.encrypt(decimal: "1"), try other.encrypt(decimal: "1"))
    #expect(refusal { () throws(PaillierError) in _ = try x.adding(y) } == .foreignKey)
    #expect(refusal { () throws(PaillierError) in _ = try key.decryptDecimal(y) } == .foreignKey)
    do throws(PaillierError) {
      _ = try x.rerandomized(using: &other)
      Issue.record("another key's encryptor was accepted")
    } catch { #expect(error.code == .foreignKey) }
    let plan = try SlotPlan(valueBits: 8, maxSummands: 4, for: key.publicKey)
    let (a, b) = (try own.encrypt([1], plan), try other.encrypt([1], plan))
    #expect(refusal { () throws(PaillierError) in _ = try EncryptedVector.sum([a, b]) } == .foreignKey)
    #expect(refusal { () throws(PaillierError) in _ = try key.decrypt(b) } == .foreignKey)
    let bytes = b.serialized()
    #expect(
      refusal { () throws(PaillierError) in
        _ = try EncryptedVector<Fresh>(parsing: bytes, key: key.publicKey, plan: plan)
      } == .foreignKey)
  }

  @Test func `nonces that share a factor with n are refused`() throws {
    let key = try PaillierPrivateKey(p: Natural(293).bytes(), q: Natural(433).bytes(), policy: .insecureAnySize)
    for nonce: UInt in [0, 293, 433 * 2, 126_869] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try key.publicKey.core.encrypt(residue: Natural(1), insecureNonce: Natural(nonce))
        } == .valueOutOfRange)
    }
  }

  @Test func `numbers survive their JSON, and python-paillier's exponents are applied by alignment`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let number = try encryptor.encrypt(decimal: "-42")
    let again = try EncryptedNumber<Fresh>(parsingJSON: Array(number.json.utf8), key: key.publicKey)
    #expect(try key.decryptDecimal(again) == "-42")
    // 5·16^-2 + (-42): python-paillier would align to the exponent -2.
    let fraction = EncryptedNumber<Fresh>(
      publicKey: key.publicKey, exponent: -2, words: try encryptor.encrypt(decimal: "5").words)
    let sum = try fraction.adding(number)
    #expect(sum.exponent == -2)
    #expect(try key.decryptDecimal(sum) == "\(5 - 42 * 256)")
    for bad in [
      "{}", "{\"v\":\"1\"}", "{\"v\":1,\"e\":0}", "{\"v\":\"-1\",\"e\":0}", "{\"v\":\"1\",\"e\":1e9}",
      "{\"v\":\"1\",\"e\":99999999}", "7",
    ] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try EncryptedNumber<Fresh>(parsingJSON: Array(bad.utf8), key: key.publicKey)
        } == .malformed)
    }
  }
}
