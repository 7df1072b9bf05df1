import BigNumber
import Paillier
import Testing

/// Scales, packing after the fact, shifts, public summands and matrices.
@Suite struct SlotTests {
  @Test func `a matrix of weights times vectors is the product of integers, for any number of threads`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    for (rows, columns, largest) in [(1, 1, 1), (5, 3, 3), (9, 7, 200), (2, 20, 40_000)] {
      let plan = try SlotPlan(valueBits: 9, maxSummands: columns, maxWeight: largest, for: key.publicKey)
      let values = (0..<columns).map { _ in (0..<31).map { _ in Int64.random(in: plan.valueRange) } }
      let vectors = try values.map { try encryptor.encrypt($0, plan) }
      var matrix = (0..<rows).map { _ in (0..<columns).map { _ in Int.random(in: -largest...largest) } }
      matrix[0] = [Int](repeating: -largest, count: columns)
      if rows > 1 { matrix[1] = [Int](repeating: 0, count: columns) }
      let products = try EncryptedVector.product(matrix, vectors, threads: 2)
      let again = try EncryptedVector.product(matrix, vectors)
      for (row, product) in products.enumerated() {
        var expected = [Int64](repeating: 0, count: 31)
        for (weight, value) in zip(matrix[row], values) {
          for index in 0..<31 { expected[index] += Int64(weight) * value[index] }
        }
        #expect(try key.decrypt(product) == expected)
        #expect(product.words == again[row].words)
        #expect(product.totalWeight == matrix[row].reduce(0) { $0 + abs($1) })
        // The same numbers as the product of one row by the other algorithm.
        #expect(product.words == (try EncryptedVector.dot(vectors, matrix[row])).words)
        #expect(product.isTransparent == matrix[row].allSatisfy { $0 == 0 })
      }
      matrix[rows - 1][0] = .max
      #expect(
        refusal { () throws(PaillierError) in _ = try EncryptedVector.product(matrix, vectors) } == .headroomExceeded)
      #expect(
        refusal { () throws(PaillierError) in _ = try EncryptedVector.product([[1, 2, 3, 4]], vectors) }
          == .invalidParameter)
      #expect(try EncryptedVector.product([], vectors).isEmpty)
    }
  }

  @Test(arguments: [true, false]) func `values encrypted one by one and packed later decrypt as they were`(
    signed: Bool
  ) throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let single = try SlotPlan(
      valueBits: 12, maxSummands: 6, maxWeight: 4, signed: signed, checksum: false, slots: 1, for: key.publicKey)
    let values = (0..<57).map { _ in Int64.random(in: single.valueRange) }
    let vector = try encryptor.encrypt(values, single)
    #expect(vector.ciphertextCount == 57)
    let packed = try vector.packed(threads: 2)
    #expect(packed.ciphertextCount == packed.plan.ciphertextCount(forValues: 57))
    #expect(packed.ciphertextCount <= 3)
    #expect(try key.decrypt(packed) == values)
    #expect(try packed.words == vector.packed().words)
    #expect(try key.decrypt(vector.packed(slots: 2)) == values)
    // Weights of either sign before packing, and more of them after it.
    let weighted = try EncryptedVector.dot([vector, vector], [3, -4])
    #expect(try key.decrypt(weighted.packed()) == values.map { -$0 })
    #expect(try key.decrypt(weighted.packed().scaled(by: -2)) == values.map { 2 * $0 })
    // What is packed in one go and what is packed later add up.
    let wide = try SlotPlan(
      valueBits: 12, maxSummands: 6, maxWeight: 4, signed: signed, checksum: false, for: key.publicKey)
    let direct = try encryptor.encrypt(values, wide)
    let fresh = try packed.rerandomized(using: &encryptor)
    #expect(try key.decrypt(EncryptedVector.sum([fresh, direct])) == values.map { 2 * $0 })
    #expect(refusal { () throws(PaillierError) in _ = try direct.packed() } == .planMismatch)
    #expect(refusal { () throws(PaillierError) in _ = try vector.packed(slots: 1000) } == .planDoesNotFit)
  }

  @Test func `values shift into free slots and no further`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    for signed in [true, false] {
      let plan = try SlotPlan(
        valueBits: 10, maxSummands: 4, maxWeight: 2, signed: signed, checksum: false, for: key.publicKey)
      let room = plan.valuesPerCiphertext
      let values: [Int64] = signed ? [-512, 511, 0, -1, 7] : [0, 1023, 5, 1, 7]
      let vector = try encryptor.encrypt(values, plan)
      for offset in [0, 1, room - 5] {
        let moved = try vector.shifted(by: offset)
        #expect(try key.decrypt(moved) == [Int64](repeating: 0, count: offset) + values)
        #expect(try key.decrypt(moved.scaled(by: -3)) == [Int64](repeating: 0, count: offset) + values.map { -3 * $0 })
        let scaled = try vector.scaled(by: -2).shifted(by: offset)
        #expect(try key.decrypt(scaled) == [Int64](repeating: 0, count: offset) + values.map { -2 * $0 })
      }
      for offset in [-1, room - 4] {
        #expect(refusal { () throws(PaillierError) in _ = try vector.shifted(by: offset) } == .planDoesNotFit)
      }
    }
    let checked = try SlotPlan(valueBits: 10, maxSummands: 4, for: key.publicKey)
    let vector = try encryptor.encrypt([1], checked)
    #expect(refusal { () throws(PaillierError) in _ = try vector.shifted(by: 1) } == .planMismatch)
  }

  @Test func `public values add up like encrypted ones, up to the last summand`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let plan = try SlotPlan(valueBits: 8, maxSummands: 2, for: key.publicKey)
    let values: [Int64] = (0..<70).map { $0 - 35 }
    let sum = try encryptor.encrypt(values, plan).adding(plain: values.map { -$0 - 1 })
    #expect(try key.decrypt(sum) == values.map { _ in -1 })
    #expect(sum.totalWeight == 2)
    #expect(refusal { () throws(PaillierError) in _ = try sum.adding(plain: values) } == .headroomExceeded)
    #expect(refusal { () throws(PaillierError) in _ = try sum.adding(plain: [1]) } == .planMismatch)
    let fresh = try encryptor.encrypt([1], plan)
    for bad: Int64 in [128, -129] {
      #expect(refusal { () throws(PaillierError) in _ = try fresh.adding(plain: [bad]) } == .valueOutOfRange)
    }
  }

  @Test func `one scale holds for a whole plan and travels with its vectors`() throws {
    let key = try SharedKey.key()
    var encryptor = try Encryptor(key)
    let cents = try FixedPointScale(steps: 200, units: 2)
    #expect(cents.steps == 100 && cents.units == 1)
    let plan = try SlotPlan(valueBits: 20, maxSummands: 3, scale: cents, for: key.publicKey)
    let steps = try plan.steps(of: [1.25, -0.01, 0.005, 0.015])
    #expect(steps == [125, -1, 0, 2], "halves go to the even neighbour")
    let vector = try encryptor.encrypt(steps, plan)
    let read = try EncryptedVector<Fresh>(parsing: vector.serialized(), key: key.publicKey)
    #expect(read.plan == plan)
    #expect(plan.values(ofSteps: try key.decrypt(read)) == [1.25, -0.01, 0, 0.02])
    let other = try SlotPlan(valueBits: 20, maxSummands: 3, for: key.publicKey)
    let whole = try encryptor.encrypt(steps, other)
    #expect(refusal { () throws(PaillierError) in _ = try EncryptedVector.sum([vector, whole]) } == .planMismatch)
    for bad in [1e9, -1e9, .infinity, .nan] {
      #expect(refusal { () throws(PaillierError) in _ = try plan.steps(of: [bad]) } == .valueOutOfRange)
    }
    #expect(try plan.steps(of: [1e300, -.infinity], saturating: true) == [(1 << 19) - 1, -(1 << 19)])
    for (steps, units) in [(0, 1), (1, 0), (-1, 1)] {
      #expect(
        refusal { () throws(PaillierError) in _ = try FixedPointScale(steps: steps, units: units) }
          == .invalidParameter)
    }
  }
}
