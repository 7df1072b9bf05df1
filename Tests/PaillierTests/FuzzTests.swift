import BigNumber
import Paillier
import Testing

/// More than a million mutated inputs over all readers: none crashes, and none accepts two encodings of one value.
@Suite struct FuzzTests {
  /// A fast source of mutations (SplitMix64, Steele, Lea and Flood 2014); nothing secret.
  struct Mutator {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((z ^ (z >> 31)) >> 1) % bound
    }

    /// Flips, overwrites, deletes, inserts, truncates, doubles or zeroes one to three places.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
      var result = bytes
      for _ in 0..<(1 + next(3)) {
        guard !result.isEmpty else { return [UInt8(next(256))] }
        let index = next(result.count)
        switch next(8) {
        case 0, 1: result[index] ^= 1 << UInt8(next(8))
        case 2: result[index] = UInt8(next(256))
        case 3: result.remove(at: index)
        case 4: result.insert(UInt8(next(256)), at: index)
        case 5: result.removeSubrange(index...)
        case 6: result += result[index...].prefix(64)
        default: result[index] = next(2) == 0 ? 0 : 255
        }
      }
      return result
    }
  }

  private static let keyJSON: [UInt8] = {
    do throws(PaillierError) {
      return Array(try PaillierPrivateKey.generate(try KeySize.insecure(bits: 160)).exportSecretJSON().utf8)
    } catch { return [] }
  }()

  private func key() throws -> PaillierPrivateKey {
    try PaillierPrivateKey(parsingJSON: Self.keyJSON, policy: .insecureAnySize)
  }

  @Test func `150000 mutated vectors are refused or read back as the same bytes`() throws {
    let key = try key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 9, maxSummands: 5, for: key.publicKey)
    let bytes = try encryptor.encrypt([1, 2, 3], plan).serialized()
    var mutator = Mutator(state: 1)
    var (accepted, wrong) = (0, 0)
    for _ in 0..<150_000 {
      let changed = mutator.mutate(bytes)
      guard let parsed = try? EncryptedVector<Fresh>(parsing: changed, key: key.publicKey) else { continue }
      accepted += 1
      if parsed.serialized() != changed { wrong += 1 }
    }
    #expect(wrong == 0)
    #expect(accepted > 300)
  }

  @Test func `700000 mutated JSON documents are refused or mean the same when written again`() throws {
    let documents = [
      "{\"a\":[1,-2.5e+3,true,null],\"b\":\"\\u00e4\"}", "[\"\\ud83d\\ude00\",{}]", "{\"e\":0,\"v\":\"12\"}",
    ].map { Array($0.utf8) }
    var mutator = Mutator(state: 4)
    var wrong = 0
    for round in 0..<700_000 {
      guard let value = try? JSONValue(parsing: mutator.mutate(documents[round % 3]), source: "x") else { continue }
      if round % 4 == 0, try JSONValue(parsing: Array(value.serialized.utf8), source: "x") != value { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func `150000 mutated JSON texts of numbers, proofs and parts are refused or read`() throws {
    let key = try key()
    var encryptor = try Encryptor(key)
    let number = Array(try encryptor.encrypt(decimal: "3").json.utf8)
    let proof = Array(PaillierProof(.decryption, [[0, 1, 2, 3], [1, 5], [0]]).json.utf8)
    let part = Array(
      PartialDecryption(
        party: 1, context: "c", values: [[1, 2, 3], [8]], proof: .init(first: [4], second: [5, 6], answer: [7])
      ).json.utf8)
    var mutator = Mutator(state: 2)
    var wrong = 0
    for _ in 0..<50_000 {
      if let read = try? EncryptedNumber<Fresh>(parsingJSON: mutator.mutate(number), key: key.publicKey),
        try EncryptedNumber<Fresh>(parsingJSON: Array(read.json.utf8), key: key.publicKey).words != read.words
      {
        wrong += 1
      }
    }
    for _ in 0..<50_000 {
      if let read = try? PaillierProof(parsingJSON: mutator.mutate(proof)),
        try PaillierProof(parsingJSON: Array(read.json.utf8)) != read
      {
        wrong += 1
      }
      _ = try? PartialDecryption(parsingJSON: mutator.mutate(part))
    }
    #expect(wrong == 0)
  }

  @Test func `60000 mutated key files of every form are refused or read`() throws {
    let key = try key()
    let (publicFile, open, secret) = (
      Array(key.publicKey.json.utf8), Array(key.publicKey.pem.utf8), Array(key.exportSecretPEM().utf8)
    )
    // A sealed file whose key derivation never runs: the cost is out of range, so only the reader is exercised.
    let sealed = Array(
      try key.exportSealedJSON(passphrase: [1], cost: 14).replacing("\"cost\":14", with: "\"cost\":99").utf8)
    var mutator = Mutator(state: 3)
    for round in 0..<15_000 {
      _ = try? PaillierPublicKey(parsingPEM: mutator.mutate(open), policy: .insecureAnySize)
      _ = try? PaillierPrivateKey(parsingPEM: mutator.mutate(secret), policy: .insecureAnySize)
      _ = PaillierPrivateKey.isPrivateKeyFile(mutator.mutate(Self.keyJSON))
      _ = try? PaillierPrivateKey(parsingSealedJSON: mutator.mutate(sealed), passphrase: [1], policy: .insecureAnySize)
      if round % 6 == 0 {
        _ = try? PaillierPublicKey(parsingJSON: mutator.mutate(publicFile), policy: .insecureAnySize)
      }
      if round % 40 == 0 {
        _ = try? PaillierPrivateKey(parsingJSON: mutator.mutate(Self.keyJSON), policy: .insecureAnySize)
      }
    }
  }
}
