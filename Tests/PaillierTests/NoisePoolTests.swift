import Paillier
import Testing

/// Noise drawn ahead of time.
@Suite struct NoisePoolTests {
  @Test func `every factor is used once, also by encryptors that share the store, and none is lost`() throws {
    let key = try SharedKey.key()
    let plan = try SlotPlan(valueBits: 8, maxSummands: 1, for: key.publicKey)
    var encryptor = try Encryptor(key)
    #expect(encryptor.pooledNoiseCount == 0)
    encryptor.fillNoisePool(40, threads: 2)
    #expect(encryptor.pooledNoiseCount == 40)
    var other = encryptor.sharingTables()
    // Zeros only: equal factors would give equal ciphertexts.
    let zeros = [Int64](repeating: 0, count: 15 * plan.valuesPerCiphertext)
    var seen: Set<[UInt64]> = []
    for round in 0..<4 {
      let vector = round % 2 == 0 ? try encryptor.encrypt(zeros, plan, threads: 3) : try other.encrypt(zeros, plan)
      #expect(try key.decrypt(vector) == zeros)
      let stride = vector.words.count / vector.ciphertextCount
      for index in 0..<vector.ciphertextCount {
        #expect(seen.insert(Array(vector.words[(index * stride)..<((index + 1) * stride)])).inserted)
      }
    }
    #expect(seen.count == 60)
    #expect(encryptor.pooledNoiseCount == 0)
  }
}
