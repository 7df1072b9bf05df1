import Paillier
import Testing

@Suite struct SmokeTests {
  @Test func `a sum of encrypted vectors decrypts to the sum`() throws {
    let key = try PaillierPrivateKey.generate(.bits2048)
    let plan = try SlotPlan(valueBits: 16, maxSummands: 1024, for: key.publicKey)
    var encryptor = try Encryptor(key.publicKey)
    var holder = try Encryptor(key)
    var exact = try Encryptor(key.publicKey, noise: .exact)
    let a = (0..<200).map { Int64(($0 * 7919) % 65536 - 32768) }
    let b = (0..<200).map { Int64(($0 * 104729) % 65536 - 32768) }
    let x = try encryptor.encrypt(a, plan)
    let y = try holder.encrypt(b, plan)
    let z = try exact.encrypt(b, plan)
    #expect(try key.decrypt(x) == a)
    #expect(try key.decrypt(y) == b)
    #expect(try key.decrypt(EncryptedVector.sum([x, y, z])) == zip(a, b).map { $0 + 2 * $1 })
  }
}
