import BigNumber
import Paillier
import Testing

/// Decryption by several parties.
@Suite struct ThresholdTests {
  @Test func `any three of five parties decrypt, and two do not`() throws {
    let dealing = try ThresholdDealing.generate(try KeySize.insecure(bits: 384), threshold: 3, parties: 5)
    let key = dealing.key
    let plan = try SlotPlan(valueBits: 10, maxSummands: 4, maxWeight: 2, for: key.publicKey)
    var encryptor = try Encryptor(key.publicKey)
    let values: [Int64] = (0..<40).map { ($0 * 37) % 1024 - 512 }
    let first = try encryptor.encrypt(values, plan)
    let second = try encryptor.encrypt(values.reversed(), plan)
    let sum = try EncryptedVector.dot([first, second], [2, -1])
    let expected = zip(values, values.reversed()).map { 2 * $0 - $1 }

    var partials: [PartialDecryption] = []
    for party in 1...5 { partials.append(try dealing.share(of: party).decryptPart(sum, context: "round 1")) }
    for a in 0..<5 {
      for b in (a + 1)..<5 {
        #expect(
          refusal { () throws(PaillierError) in
            _ = try key.combine([partials[a], partials[b]], sum, context: "round 1")
          } == .invalidParameter)
        for c in (b + 1)..<5 {
          #expect(try key.combine([partials[c], partials[a], partials[b]], sum, context: "round 1") == expected)
        }
      }
    }
    #expect(try key.combine(partials, sum, context: "round 1") == expected)
    #expect(
      refusal { () throws(PaillierError) in
        _ = try key.combine([partials[0], partials[1], partials[1]], sum, context: "round 1")
      } == .invalidShare)
  }

  @Test func `one party of one decrypts, and impossible thresholds are refused`() throws {
    let dealing = try ThresholdDealing.generate(try KeySize.insecure(bits: 256), threshold: 1, parties: 1)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 1, for: dealing.key.publicKey)
    var encryptor = try Encryptor(dealing.key.publicKey)
    let vector = try encryptor.encrypt([-5, 7], plan)
    let part = try dealing.share(of: 1).decryptPart(vector)
    #expect(try dealing.key.combine([part], vector) == [-5, 7])
    for (threshold, parties) in [(0, 3), (4, 3), (1, 0), (2, 21)] {
      #expect(
        refusal { () throws(PaillierError) in
          _ = try ThresholdDealing.generate(.bits2048, threshold: threshold, parties: parties)
        } == .invalidParameter)
    }
  }

  @Test func `a part changed in any field, moved to another party, ciphertext or context is refused`() throws {
    let dealing = try ThresholdDealing.generate(try KeySize.insecure(bits: 256), threshold: 2, parties: 3)
    let key = dealing.key
    let plan = try SlotPlan(valueBits: 8, maxSummands: 2, for: key.publicKey)
    var encryptor = try Encryptor(key.publicKey)
    let numbers = (0..<60).map { Int64($0) - 30 }
    let vector = try encryptor.encrypt(numbers, plan)
    #expect(vector.ciphertextCount > 2)
    let other = try encryptor.encrypt(numbers, plan)
    let honest = try dealing.share(of: 1).decryptPart(vector, context: "a")
    let helper = try dealing.share(of: 2).decryptPart(vector, context: "a")
    #expect(try key.combine([honest, helper], vector, context: "a") == numbers)

    var forged: [PartialDecryption] = []
    for bit in [0, 1, 7, 60, 200] {
      func flip(_ bytes: inout [UInt8]) { bytes[bytes.count - 1 - bit / 8] ^= 1 << UInt8(bit % 8) }
      let fields: [(inout PartialDecryption) -> Void] = [
        { flip(&$0.values[0]) }, { flip(&$0.values[$0.values.count - 1]) }, { flip(&$0.proof.first) },
        { flip(&$0.proof.second) }, { flip(&$0.proof.answer) },
      ]
      for field in fields {
        var changed = honest
        field(&changed)
        forged.append(changed)
      }
    }
    // Two values whose errors cancel in a product without weights.
    var cancelling = honest
    let square = Natural(bytes: key.publicKey.modulusBytes) * Natural(bytes: key.publicKey.modulusBytes)
    guard let quarter = Natural(4).inverse(modulo: square) else { return }
    cancelling.values[0] = ((Natural(bytes: honest.values[0]) * 4) % square).bytes()
    cancelling.values[1] = ((Natural(bytes: honest.values[1]) * quarter) % square).bytes()
    forged.append(cancelling)
    forged.append(PartialDecryption(party: 3, context: "a", values: honest.values, proof: honest.proof))
    forged.append(PartialDecryption(party: 1, context: "a", values: helper.values, proof: helper.proof))
    forged.append(PartialDecryption(party: 1, context: "b", values: honest.values, proof: honest.proof))
    forged.append(PartialDecryption(party: 1, context: "a", values: [], proof: honest.proof))
    forged.append(PartialDecryption(party: 1, context: "a", values: honest.values + honest.values, proof: honest.proof))
    forged.append(PartialDecryption(party: 0, context: "a", values: honest.values, proof: honest.proof))
    let elsewhere = try dealing.share(of: 1).decryptPart(other, context: "a")
    forged.append(elsewhere)
    for part in forged {
      #expect(
        refusal { () throws(PaillierError) in _ = try key.combine([part, helper], vector, context: "a") }
          == .invalidShare)
    }
    #expect(
      refusal { () throws(PaillierError) in _ = try key.combine([honest, helper], vector, context: "b") }
        == .invalidShare)
  }
}
