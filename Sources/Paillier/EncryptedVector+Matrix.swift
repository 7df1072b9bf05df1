import BigNumber

extension EncryptedVector {
  /// A public matrix times a column of vectors: result i is Σⱼ matrix[i][j]·vectors[j], value by value.
  ///
  /// Each vector's table of small powers is made once and used by every row (Straus 1964); the rows' negative parts
  /// share one inversion a ciphertext. Time depends on the weights, so they must not be secret.
  ///
  /// - Parameter threads: How many threads share the work; the ciphertexts are the same for any number.
  /// - Throws: ``PaillierError`` before anything is computed, as ``dot(_:_:threads:)`` for each row.
  ///
  /// **Edge cases**: no rows give no vectors; a row of zeros gives transparent ciphertexts.
  public static func product(
    _ matrix: [[Int]], _ vectors: [EncryptedVector], threads: Int = 1
  ) throws(PaillierError) -> [EncryptedVector<Derived>] {
    guard let first = vectors.first, matrix.allSatisfy({ $0.count == vectors.count }) else {
      throw PaillierError(.invalidParameter, "matrix", "there is one weight a row for each of at least one vector")
    }
    guard !matrix.isEmpty else { return [] }
    var weights: [(total: Int, net: Int)] = []
    for row in matrix {
      var sum = (total: 0, net: 0)
      for (vector, weight) in zip(vectors, row) {
        try first.checkCompatible(vector)
        let (absolute, overflow) = vector.totalWeight.multipliedReportingOverflow(by: Int(clamping: weight.magnitude))
        guard !overflow, absolute <= first.plan.maxTotalWeight else {
          throw PaillierError(.headroomExceeded, "weights", "the plan has no headroom for these weights")
        }
        sum.total += absolute
        sum.net += weight * vector.netWeight
        try checkHeadroom(sum.total, first.plan)
      }
      weights.append(sum)
    }
    let core = first.publicKey.core
    let stride = 2 * core.ring.limbs
    let bits = matrix.reduce(1) { max($0, $1.reduce(1) { max($0, Int.bitWidth - $1.magnitude.leadingZeroBitCount) }) }
    let window = StrausTables.window(rows: matrix.count, bits: bits)
    let sources = vectors.map(\.words)
    let count = first.ciphertextCount
    let all = unsafe [UInt64].filledInParallel(count: count, stride: stride * matrix.count, threads: threads) {
      range, output in
      for index in range {
        let tables = StrausTables(core, sources, ciphertext: index, window: window)
        unsafe tables.evaluate(matrix, bits: bits, into: output + index * stride * matrix.count)
      }
    }
    return matrix.indices.map { row in
      var words = [UInt64]()
      words.reserveCapacity(count * stride)
      for index in 0..<count {
        let start = (index * matrix.count + row) * stride
        words += all[start..<(start + stride)]
      }
      return EncryptedVector<Derived>(
        publicKey: first.publicKey, plan: first.plan, count: first.count, totalWeight: weights[row].total,
        netWeight: weights[row].net, words: words)
    }
  }
}

/// For one ciphertext of each vector the powers 1 to 2^window - 1 in Montgomery form.
private struct StrausTables: ~Copyable {
  let core: PublicKeyCore
  let window: Int
  let tables: LimbBuffer

  /// The window that costs the fewest products: 2^t - 2 a table, and ⌈bits/t⌉ a row.
  static func window(rows: Int, bits: Int) -> Int {
    (1...6).min { cost($0, rows, bits) < cost($1, rows, bits) } ?? 1
  }

  private static func cost(_ window: Int, _ rows: Int, _ bits: Int) -> Int {
    (1 << window) - 2 + rows * ((bits + window - 1) / window)
  }

  init(_ core: PublicKeyCore, _ sources: [[UInt64]], ciphertext: Int, window: Int) {
    self.core = core
    self.window = window
    let stride = 2 * core.ring.limbs
    let entries = (1 << window) - 1
    let scratch = core.ring.makeScratch()
    let tables = LimbBuffer(count: sources.count * entries * stride)
    for (index, source) in sources.enumerated() {
      let table = unsafe tables.base + index * entries * stride
      unsafe source.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe core.ring.multiply(table, base + ciphertext * stride, core.ring.radixSquared, scratch.base)
      }
      for power in 1..<max(entries, 1) {
        unsafe core.ring.multiply(table + power * stride, table + (power - 1) * stride, table, scratch.base)
      }
    }
    self.tables = tables
  }

  /// One result a row, in ordinary form.
  borrowing func evaluate(_ matrix: [[Int]], bits: Int, into output: Limbs) {
    let ring = core.ring
    let stride = 2 * ring.limbs
    let scratch = ring.makeScratch()
    let negatives = LimbBuffer(count: matrix.count * stride)
    for (row, weights) in matrix.enumerated() {
      unsafe power(weights.map { $0 > 0 ? $0.magnitude : 0 }, bits, into: output + row * stride, scratch.base)
      unsafe power(weights.map { $0 < 0 ? $0.magnitude : 0 }, bits, into: negatives.base + row * stride, scratch.base)
    }
    unsafe invertTogether(negatives.base, matrix.count, scratch.base)
    for row in matrix.indices {
      let result = unsafe output + row * stride
      unsafe ring.multiply(result, result, negatives.base + row * stride, scratch.base)
      unsafe ring.multiply(result, result, ring.unit, scratch.base)
    }
  }

  /// Interleaved windows of all weights, in Montgomery form.
  private borrowing func power(_ weights: [UInt], _ bits: Int, into result: Limbs, _ scratch: Limbs) {
    let ring = core.ring
    let stride = 2 * ring.limbs
    let entries = (1 << window) - 1
    unsafe result.update(from: ring.one, count: stride)
    guard weights.contains(where: { $0 != 0 }) else { return }
    for position in (0..<((bits + window - 1) / window)).reversed() {
      for _ in 0..<window { unsafe ring.square(result, result, scratch) }
      for (index, weight) in weights.enumerated() {
        let digit = Int(weight >> UInt(position * window)) & entries
        guard digit != 0 else { continue }
        unsafe ring.multiply(result, result, tables.base + (index * entries + digit - 1) * stride, scratch)
      }
    }
  }

  /// Inverts `count` units in Montgomery form with one inversion and three products each (Montgomery 1987).
  private borrowing func invertTogether(_ values: Limbs, _ count: Int, _ scratch: Limbs) {
    let ring = core.ring
    let stride = 2 * ring.limbs
    let prefixes = LimbBuffer(count: (count + 1) * stride)
    unsafe prefixes.base.update(from: ring.one, count: stride)
    for index in 0..<count {
      unsafe ring.multiply(
        prefixes.base + (index + 1) * stride, prefixes.base + index * stride, values + index * stride, scratch)
    }
    let inverse = ring.makePair()
    unsafe ring.multiply(inverse.base, prefixes.base + count * stride, ring.unit, scratch)
    let product = unsafe core.number(inverse.base)
    guard let inverted = product.inverse(modulo: core.modulus * core.modulus) else {
      preconditionFailure("a ciphertext is a unit")
    }
    unsafe core.split(inverted, into: inverse.base)
    unsafe ring.multiply(inverse.base, inverse.base, ring.radixSquared, scratch)
    let next = ring.makePair()
    for index in (0..<count).reversed() {
      unsafe ring.multiply(next.base, inverse.base, values + index * stride, scratch)
      unsafe ring.multiply(values + index * stride, inverse.base, prefixes.base + index * stride, scratch)
      unsafe inverse.base.update(from: next.base, count: stride)
    }
  }
}
