import BigNumber
import Paillier
import Testing

/// Files of python-paillier 1.5.0.
///
/// `scripts/paillier-interop` does the same live, in both directions.
@Suite struct InteropTests {
  private func key() throws -> PaillierPrivateKey {
    try PaillierPrivateKey(parsingJSON: Array(PythonExample.key.utf8), policy: .insecureAnySize)
  }

  @Test func `its integers and floating-point numbers decrypt to the encodings it wrote`() throws {
    let key = try key()
    for number in PythonExample.numbers {
      let read = try EncryptedNumber<Fresh>(parsingJSON: Array(number.json.utf8), key: key.publicKey)
      #expect(read.exponent == number.exponent)
      #expect(try key.decryptDecimal(read) == number.encoding, "\(number.value)")
    }
  }

  @Test func `its sums decrypt, and its numbers add up with ours`() throws {
    let key = try key()
    let sum = try EncryptedNumber<Fresh>(parsingJSON: Array(PythonExample.sum.utf8), key: key.publicKey)
    #expect(try key.decryptDecimal(sum) == "-103")
    var encryptor = try Encryptor(key)
    let total = try sum.adding(try encryptor.encrypt(decimal: "3"))
    #expect(try key.decryptDecimal(total) == "-100")
    // What we write has its members and no other that it would trip over.
    let json = try JSONValue(parsing: Array(total.rerandomized(using: &encryptor).json.utf8), source: "x")
    #expect(json["v"]?.text != nil && json["e"] == .number("0"))
  }

  @Test func `its key has no profile, so short noise is refused with it`() throws {
    let key = try PaillierPublicKey(parsingJSON: Array(PythonExample.key.utf8), policy: .insecureAnySize)
    #expect(!key.hasDamgardJurikNielsenShape)
    #expect(refusal { () throws(PaillierError) in _ = try Encryptor(key, noise: .damgardJurikNielsen) } == .profile)
  }
}
