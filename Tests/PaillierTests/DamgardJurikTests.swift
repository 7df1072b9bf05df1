import BigNumber
import Paillier
import Testing

/// Plaintexts modulo n^s.
@Suite struct DamgardJurikTests {
  @Test(arguments: 1...4) func `what is encrypted decrypts, and sums and products are those of integers`(
    s: Int
  ) throws {
    let key = try SharedKey.key()
    let wide = try DamgardJurikKey(key.publicKey, exponent: s)
    let largest = wide.largestMagnitude.decimal
    for value in ["0", "1", "-1", "12345678901234567890123456789012345678901234567890", largest, "-" + largest] {
      #expect(try key.decryptDecimal(wide.encrypt(decimal: value)) == value)
    }
    let half = wide.largestMagnitude / 4
    let (x, y) = (try wide.encrypt(decimal: half.decimal), try wide.encrypt(decimal: "-7"))
    #expect(try key.decryptDecimal(x.adding(y).multiplied(by: 2)) == (half * 2 - 14).decimal)
    #expect(try key.decryptDecimal(x.multiplied(by: -3).rerandomized()) == "-" + (half * 3).decimal)
    #expect(x.multiplied(by: 0).isTransparent)
    #expect(!x.multiplied(by: 0).rerandomized().isTransparent)
    let bytes = x.serialized()
    #expect(bytes.count == (512 * (s + 1) + 7) / 8)
    #expect(try key.decryptDecimal(DamgardJurikNumber<Fresh>(parsing: bytes, key: wide)) == half.decimal)
  }

  @Test func `at s = 1 the ciphertexts are Paillier's`() throws {
    let key = try SharedKey.key()
    let narrow = try DamgardJurikKey(key.publicKey, exponent: 1)
    let number = try EncryptedNumber<Fresh>(
      key.publicKey, ciphertext: Natural(bytes: narrow.encrypt(decimal: "-31").serialized()), exponent: 0)
    #expect(try key.decryptDecimal(number) == "-31")
  }

  @Test func `the guard zone, foreign keys, mixed s and non-units are refused`() throws {
    let key = try SharedKey.key()
    let wide = try DamgardJurikKey(key.publicKey, exponent: 2)
    let edge = try wide.encrypt(decimal: wide.largestMagnitude.decimal)
    let over = try edge.adding(try wide.encrypt(decimal: "1"))
    #expect(refusal { () throws(PaillierError) in _ = try key.decryptDecimal(over) } == .decryptionFailed)
    for text in [(wide.largestMagnitude + 1).decimal, "", "1.5", "--1"] {
      #expect(refusal { () throws(PaillierError) in _ = try wide.encrypt(decimal: text) } == .valueOutOfRange)
    }
    let three = try DamgardJurikKey(key.publicKey, exponent: 3).encrypt(decimal: "1")
    #expect(refusal { () throws(PaillierError) in _ = try edge.adding(three) } == .foreignKey)
    let foreign = try SharedKey.foreignKey()
    #expect(refusal { () throws(PaillierError) in _ = try foreign.decryptDecimal(edge) } == .foreignKey)
    for s in [0, -1, 9] {
      #expect(
        refusal { () throws(PaillierError) in _ = try DamgardJurikKey(key.publicKey, exponent: s) }
          == .invalidParameter)
    }
    let n = key.publicKey.core.modulus.copy()
    let count = wide.ciphertextByteCount
    let cube = n * n * n
    for bad in [Natural().bytes(count: count), cube.bytes(count: count), n.bytes(count: count), [1]] {
      #expect(
        refusal { () throws(PaillierError) in _ = try DamgardJurikNumber<Fresh>(parsing: bad, key: wide) } == .malformed
      )
    }
  }
}
