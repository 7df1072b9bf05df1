import BigNumber
import Paillier
import Testing

/// Readers survive anything.
@Suite struct ParserTests {
  /// Changes, deletes, inserts or duplicates a few bytes.
  private func mutate(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...3) {
      guard !result.isEmpty else { return [UInt8.random(in: 0...255)] }
      let index = Int.random(in: 0..<result.count)
      switch Int.random(in: 0..<5) {
      case 0: result[index] ^= 1 << UInt8.random(in: 0..<8)
      case 1: result[index] = UInt8.random(in: 0...255)
      case 2: result.remove(at: index)
      case 3: result.insert(UInt8.random(in: 0...255), at: index)
      default: result = Array(result[..<index])
      }
    }
    return result
  }

  @Test func `mutated vectors are read back identically or refused`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 9, maxSummands: 5, for: key.publicKey)
    let vector = try encryptor.encrypt((0..<60).map { Int64($0) }, plan)
    let bytes = vector.serialized()
    #expect(try EncryptedVector<Fresh>(parsing: bytes, key: key.publicKey, plan: plan).serialized() == bytes)
    var accepted = 0
    for _ in 0..<20_000 {
      let changed = mutate(bytes)
      guard let parsed = try? EncryptedVector<Fresh>(parsing: changed, key: key.publicKey, plan: plan) else { continue }
      accepted += 1
      if parsed.serialized() != changed { Issue.record("a vector has two encodings") }
    }
    // Flips inside ciphertext bodies are legal numbers: some must have got through.
    #expect(accepted > 100)
  }

  @Test func `truncated, extended and relabelled vectors are refused`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 9, maxSummands: 5, for: key.publicKey)
    let bytes = try encryptor.encrypt([1, 2, 3], plan).serialized()
    for length in 0..<bytes.count {
      let part = Array(bytes[..<length])
      #expect(
        refusal { () throws(PaillierError) in
          _ = try EncryptedVector<Fresh>(parsing: part, key: key.publicKey, plan: plan)
        } != nil)
    }
    #expect(
      refusal { () throws(PaillierError) in
        _ = try EncryptedVector<Fresh>(parsing: bytes + [0], key: key.publicKey, plan: plan)
      } == .malformed)
    let other = try SlotPlan(valueBits: 9, maxSummands: 6, for: key.publicKey)
    #expect(
      refusal { () throws(PaillierError) in
        _ = try EncryptedVector<Fresh>(parsing: bytes, key: key.publicKey, plan: other)
      } == .planMismatch)
    // A count near 2^63 must not overflow anything.
    var huge = bytes
    for offset in 24..<32 { huge[offset] = offset == 31 ? 0x7F : 0xFF }
    #expect(
      refusal { () throws(PaillierError) in
        _ = try EncryptedVector<Fresh>(parsing: huge, key: key.publicKey, plan: plan)
      } == .malformed)
  }

  @Test func `vectors of very different magnitudes have equal headers and lengths`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 40, maxSummands: 5, for: key.publicKey)
    let small = try encryptor.encrypt([0, 0, 0], plan).serialized()
    let large = try encryptor.encrypt([1 << 38, -1 << 38, -1], plan).serialized()
    #expect(small.count == large.count)
    #expect(small[..<80] == large[..<80])
  }

  @Test func `mutated key and number files never crash a reader`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let number = Array(try encryptor.encrypt(decimal: "3").json.utf8)
    let publicFile = Array(key.publicKey.json.utf8)
    for round in 0..<20_000 {
      _ = try? EncryptedNumber<Fresh>(parsingJSON: mutate(number), key: key.publicKey)
      if round % 20 == 0 { _ = try? PaillierPublicKey(parsingJSON: mutate(publicFile), policy: .insecureAnySize) }
      if round % 100 == 0 { _ = try? PaillierPrivateKey(parsingJSON: mutate(SharedKey.json), policy: .insecureAnySize) }
    }
  }

  @Test func `JSON that is not well formed is refused, and deep nesting does not exhaust the stack`() {
    for text in [
      "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "01", "1.", "1e", "+1", "nul", "\"\\x\"", "\"\\ud800\"",
      "\"",
      "\"\u{1}\"", "[1] 2", "{\"a\":1,\"a\":2}", "NaN", "'a'", String(repeating: "[", count: 100_000),
    ] {
      #expect(
        refusal { () throws(PaillierError) in _ = try JSONValue(parsing: Array(text.utf8), source: "x") } == .malformed)
    }
    #expect(
      refusal { () throws(PaillierError) in _ = try JSONValue(parsing: [0x22, 0xFF, 0x22], source: "x") } == .malformed)
  }

  @Test func `JSON text survives a round trip`() throws {
    let text = "{\"a\":[1,-2.5e+3,true,false,null,\"\\u00e4\\ud83d\\ude00\\n\\\\\\\"\"],\"b\":{}}"
    let value = try JSONValue(parsing: Array(text.utf8), source: "x")
    #expect(try JSONValue(parsing: Array(value.serialized.utf8), source: "x") == value)
  }
}
