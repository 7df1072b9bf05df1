import BigNumber
import Paillier
import Testing

/// Laws of packed vectors.
@Suite struct VectorTests {
  @Test func `sums of random vectors decrypt to sums, for random plans at their exact limits`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    for _ in 0..<40 {
      let bits = Int.random(in: 1...40)
      let summands = [1, 2, 3, 4, 7, 8, 31, 64].randomElement() ?? 1
      let plan = try SlotPlan(
        valueBits: bits, maxSummands: summands, signed: .random(), checksum: .random(), for: key.publicKey)
      let length = Int.random(in: 1...(2 * plan.valuesPerCiphertext + 1))
      var expected = [Int64](repeating: 0, count: length)
      var vectors: [EncryptedVector<Fresh>] = []
      let range = plan.valueRange
      for round in 0..<summands {
        let values = (0..<length).map { index -> Int64 in
          switch (round + index) % 5 {
          case 0: range.lowerBound
          case 1: range.upperBound
          default: Int64.random(in: range)
          }
        }
        for index in 0..<length { expected[index] += values[index] }
        vectors.append(try encryptor.encrypt(values, plan))
      }
      let sum = try EncryptedVector.sum(vectors)
      #expect(sum.totalWeight == summands)
      #expect(try key.decrypt(sum) == expected)
      #expect(try key.decrypt(sum.rerandomized(using: &encryptor)) == expected)
    }
  }

  @Test func `sums do not depend on order, grouping or threads`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key.publicKey)
    let plan = try SlotPlan(valueBits: 12, maxSummands: 16, for: key.publicKey)
    let vectors = try (0..<6).map { _ in
      try encryptor.encrypt((0..<50).map { _ in Int64.random(in: -2048...2047) }, plan, threads: 2)
    }
    let whole = try EncryptedVector.sum(vectors)
    let reversed = try EncryptedVector.sum(vectors.reversed(), threads: 3)
    let left = try EncryptedVector.sum(Array(vectors[..<2]))
    let right = try EncryptedVector.sum(Array(vectors[2...]))
    #expect(whole.words == reversed.words)
    #expect(try EncryptedVector.sum([left, right]).words == whole.words)
  }

  @Test func `one summand more than planned is refused before anything is computed`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 3, for: key.publicKey)
    let vector = try encryptor.encrypt([127, -128], plan)
    #expect(try key.decrypt(EncryptedVector.sum([vector, vector, vector])) == [381, -384])
    #expect(
      refusal { () throws(PaillierError) in _ = try EncryptedVector.sum([vector, vector, vector, vector]) }
        == .headroomExceeded)
    #expect(refusal { () throws(PaillierError) in _ = try EncryptedVector<Fresh>.sum([]) } == .invalidParameter)
  }

  @Test func `values outside their slot are refused`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    for (signed, values) in [(true, [Int64(-129), 128, .min, .max]), (false, [-1, 256, .min])] {
      let plan = try SlotPlan(valueBits: 8, maxSummands: 2, signed: signed, for: key.publicKey)
      for value in values {
        do throws(PaillierError) {
          _ = try encryptor.encrypt([0, value], plan)
          Issue.record("a value outside its slot was accepted")
        } catch { #expect(error.code == .valueOutOfRange) }
      }
    }
  }

  @Test func `plans that cannot fit are refused, and those that fit keep two spare bits`() throws {
    let key = try SharedKey.key().publicKey
    for (bits, summands, weight) in [(0, 1, 1), (63, 1, 1), (8, 0, 1), (8, 1, 0), (40, 1 << 30, 1), (62, 4, 1)] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try SlotPlan(valueBits: bits, maxSummands: summands, maxWeight: weight, for: key)
        } != nil)
    }
    for (bits, summands) in [(8, 1024), (16, 128), (16, 1024), (16, 1 << 20), (32, 1024)] {
      let plan = try SlotPlan(valueBits: bits, maxSummands: summands, checksum: false, for: key)
      #expect(plan.slotBits * plan.valuesPerCiphertext <= key.bitWidth - 2)
      #expect(plan.slotBits * (plan.valuesPerCiphertext + 1) > key.bitWidth - 2)
    }
  }

  @Test func `the checksum shows a lost, a doubled and a foreign contribution`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 10, maxSummands: 8, for: key.publicKey)
    let vectors = try (0..<4).map { _ in
      try encryptor.encrypt((0..<20).map { _ in Int64.random(in: -512...511) }, plan)
    }
    // A sum of three that claims to be one of four, and the other way round.
    for (part, claim) in [(Array(vectors[..<3]), 4), (vectors + [vectors[0]], 4)] {
      let sum = try EncryptedVector.sum(part)
      let lying = try EncryptedVector<Fresh>(
        parsing: relabelled(try sum.rerandomized(using: &encryptor), weight: claim), key: key.publicKey, plan: plan)
      #expect(refusal { () throws(PaillierError) in _ = try key.decrypt(lying) } == .decryptionFailed)
    }
  }

  @Test func `fewer summands than the policy asks for are not decrypted`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 4, for: key.publicKey)
    let vector = try encryptor.encrypt([1], plan)
    #expect(
      refusal { () throws(PaillierError) in _ = try key.decrypt(vector, minimumSummands: 2) } == .headroomExceeded)
    #expect(try key.decrypt(EncryptedVector.sum([vector, vector]), minimumSummands: 2) == [2])
  }

  /// The bytes of a vector with another weight in its header.
  private func relabelled(_ vector: EncryptedVector<Fresh>, weight: Int) -> [UInt8] {
    var bytes = vector.serialized()
    for offset in 0..<8 {
      bytes[32 + offset] = UInt8(truncatingIfNeeded: weight >> (8 * offset))
      bytes[40 + offset] = UInt8(truncatingIfNeeded: weight >> (8 * offset))
    }
    return bytes
  }
}
