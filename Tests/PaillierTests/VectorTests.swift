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

extension VectorTests {
  @Test func `weighted sums with weights of both signs decrypt to weighted sums, up to the exact limit`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    for terms in [1, 2, 5, 40] {
      for maxWeight in [1, 3, 1000] {
        let plan = try SlotPlan(
          valueBits: 10, maxSummands: terms, maxWeight: maxWeight, signed: .random(), checksum: true,
          for: key.publicKey)
        let rows = try (0..<terms).map { row -> (values: [Int64], vector: EncryptedVector<Fresh>) in
          let values = (0..<23).map { _ in row == 0 ? plan.valueRange.upperBound : Int64.random(in: plan.valueRange) }
          return (values, try encryptor.encrypt(values, plan))
        }
        let weights = (0..<terms).map { $0 == 0 ? -maxWeight : Int.random(in: -maxWeight...maxWeight) }
        let result = try EncryptedVector.dot(rows.map(\.vector), weights, threads: 2)
        var expected = [Int64](repeating: 0, count: 23)
        for (row, weight) in zip(rows, weights) {
          for index in 0..<23 { expected[index] += Int64(weight) * row.values[index] }
        }
        #expect(try key.decrypt(result) == expected)
        #expect(result.totalWeight == weights.reduce(0) { $0 + abs($1) })
        #expect(result.netWeight == weights.reduce(0, +))
      }
    }
  }

  @Test func `one unit of weight more than the plan allows is refused`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 2, maxWeight: 5, for: key.publicKey)
    let vector = try encryptor.encrypt([3, -4], plan)
    #expect(try key.decrypt(EncryptedVector.dot([vector, vector], [5, 5])) == [30, -40])
    #expect(try key.decrypt(vector.scaled(by: -10)) == [-30, 40])
    #expect(try key.decrypt(vector.subtracting(vector)) == [0, 0])
    for weights in [[6, 5], [5, -6], [.max, .max], [.min, 1]] {
      #expect(
        refusal { () throws(PaillierError) in _ = try EncryptedVector.dot([vector, vector], weights) }
          == .headroomExceeded)
    }
    #expect(refusal { () throws(PaillierError) in _ = try EncryptedVector.dot([vector], [1, 1]) } == .invalidParameter)
    let doubled = try vector.scaled(by: 2)
    #expect(try key.decrypt(doubled.scaled(by: 5)) == [30, -40])
    #expect(refusal { () throws(PaillierError) in _ = try doubled.scaled(by: 6) } == .headroomExceeded)
  }

  @Test func `a weight of 0 gives a transparent vector, and re-randomising makes it a real one`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 2, for: key.publicKey)
    let zero = try encryptor.encrypt([3, -4], plan).scaled(by: 0)
    #expect(zero.isTransparent)
    #expect(try key.decrypt(zero) == [0, 0])
    let fresh = try zero.rerandomized(using: &encryptor)
    #expect(!fresh.isTransparent)
    #expect(try key.decrypt(fresh) == [0, 0])
  }

  @Test func `a weighted sum with weights 1 has the same bytes as the sum`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 9, for: key.publicKey)
    let vectors = try (0..<9).map { try encryptor.encrypt([Int64($0)], plan) }
    #expect(
      try EncryptedVector.dot(vectors, [Int](repeating: 1, count: 9)).words == EncryptedVector.sum(vectors).words)
  }
}
