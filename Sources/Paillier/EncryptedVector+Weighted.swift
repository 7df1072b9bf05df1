import BigNumber

extension EncryptedVector {
  /// The weighted sum of vectors, value by value: w₁·v₁ + w₂·v₂ + …, for public weights of either sign.
  ///
  /// Buckets as in Pippenger's method, with the window that costs the fewest products for this many terms and bits;
  /// negative weights have buckets of their own and cost one inversion a ciphertext in all. Time depends on the weights,
  /// so they must not be secret.
  ///
  /// - Parameter threads: How many threads share the work; the ciphertexts are the same for any number.
  /// - Throws: ``PaillierError`` before anything is computed: `foreignKey`, `planMismatch`; `headroomExceeded` when
  ///   the sum of absolute weights exceeds ``SlotPlan/maxTotalWeight``; `invalidParameter` for no vectors or another
  ///   number of weights.
  ///
  /// **Edge cases**: weights that are all 0 give transparent ciphertexts, which have to be re-randomised.
  public static func dot(
    _ vectors: [EncryptedVector], _ weights: [Int], threads: Int = 1
  ) throws(PaillierError) -> EncryptedVector<Derived> {
    guard let first = vectors.first, vectors.count == weights.count else {
      throw PaillierError(.invalidParameter, "weights", "there is one weight for each of at least one vector")
    }
    var total = 0
    var net = 0
    for (vector, weight) in zip(vectors, weights) {
      try first.checkCompatible(vector)
      let (absolute, overflow) = vector.totalWeight.multipliedReportingOverflow(by: Int(clamping: weight.magnitude))
      guard !overflow, absolute <= first.plan.maxTotalWeight else {
        throw PaillierError(.headroomExceeded, "weights", "the plan has no headroom for these weights")
      }
      total += absolute
      net += weight * vector.netWeight
      try checkHeadroom(total, first.plan)
    }
    let core = first.publicKey.core
    let stride = 2 * core.ring.limbs
    let positive = BucketProduct(core, zip(vectors, weights).filter { $0.1 > 0 }.map { ($0.0.words, $0.1) })
    let negative = BucketProduct(core, zip(vectors, weights).filter { $0.1 < 0 }.map { ($0.0.words, -$0.1) })
    let words = unsafe [UInt64].filledInParallel(count: first.ciphertextCount, stride: stride, threads: threads) {
      range, output in
      let scratch = core.ring.makeScratch()
      let divisor = core.ring.makePair()
      for index in range {
        let result = unsafe output + index * stride
        unsafe positive.evaluate(ciphertext: index, into: result, scratch.base)
        guard !negative.isEmpty else { continue }
        unsafe negative.evaluate(ciphertext: index, into: divisor.base, scratch.base)
        unsafe core.divide(result, by: divisor.base, scratch.base)
      }
    }
    return EncryptedVector<Derived>(
      publicKey: first.publicKey, plan: first.plan, count: first.count, totalWeight: total, netWeight: net,
      words: words)
  }

  /// The vector times a public integer.
  ///
  /// - Throws: ``PaillierError`` with code `headroomExceeded`.
  public func scaled(by weight: Int, threads: Int = 1) throws(PaillierError) -> EncryptedVector<Derived> {
    try EncryptedVector.dot([self], [weight], threads: threads)
  }

  /// The difference of two vectors, value by value.
  ///
  /// - Throws: ``PaillierError``: `foreignKey`, `planMismatch`, `headroomExceeded`.
  public func subtracting(
    _ other: EncryptedVector, threads: Int = 1
  ) throws(PaillierError) -> EncryptedVector<Derived> {
    try EncryptedVector.dot([self, other], [1, -1], threads: threads)
  }
}

extension PublicKeyCore {
  /// result = result / divisor modulo n², for units in ordinary form.
  func divide(_ result: Limbs, by divisor: ConstantLimbs, _ scratch: Limbs) {
    let inverse = ring.makePair()
    // Ciphertexts were checked to be units, and products of units are units.
    guard let number = unsafe number(divisor).inverse(modulo: modulus * modulus) else {
      preconditionFailure("a product of units has an inverse")
    }
    unsafe split(number, into: inverse.base)
    unsafe ring.multiply(result, result, inverse.base, scratch)
    unsafe ring.multiply(result, result, ring.radixSquared, scratch)
  }
}

/// The product of powers of ciphertexts with positive exponents, one ciphertext position at a time.
///
/// Inputs are not converted: each c is taken for the Montgomery form of c/R, so the product of powers lacks R to the
/// sum of the exponents, which is public and put back with one product at the end.
private struct BucketProduct: Sendable {
  let core: PublicKeyCore
  let terms: [(words: [UInt64], exponent: Int)]
  let window: Int
  let windows: Int
  let correction: LimbWords

  var isEmpty: Bool { terms.isEmpty }

  init(_ core: PublicKeyCore, _ terms: [(words: [UInt64], exponent: Int)]) {
    self.core = core
    self.terms = terms
    let bits = terms.map { Int.bitWidth - $0.exponent.leadingZeroBitCount }.max() ?? 1
    // Products of one position: in each window one a term, either into its bucket or, for the first of a bucket, from
    // it into the running product, and one for each value of a bucket.
    func cost(_ window: Int) -> Int { (bits + window - 1) / window * (terms.count + (1 << window)) }
    var best = 1
    for candidate in 2...14 where cost(candidate) < cost(best) { best = candidate }
    window = best
    windows = (bits + best - 1) / best
    correction = LimbWords(core.radixPower(terms.reduce(0) { $0 + $1.exponent }))
  }

  /// The product for ciphertext number `index` of every term, in ordinary form.
  func evaluate(ciphertext index: Int, into result: Limbs, _ scratch: Limbs) {
    let ring = core.ring
    let stride = 2 * ring.limbs
    guard !terms.isEmpty else {
      unsafe result.update(from: ring.unit, count: stride)
      return
    }
    let bucketCount = 1 << window
    let buckets = LimbBuffer(count: bucketCount * stride)
    var isFilled = [Bool](repeating: false, count: bucketCount)
    let running = ring.makePair()
    let accumulated = ring.makePair()
    unsafe accumulated.base.update(from: ring.one, count: stride)
    for position in (0..<windows).reversed() {
      if position + 1 < windows {
        for _ in 0..<window { unsafe ring.square(accumulated.base, accumulated.base, scratch) }
      }
      for value in 0..<bucketCount { isFilled[value] = false }
      for term in terms {
        let digit = term.exponent >> (position * window) & (bucketCount - 1)
        guard digit != 0 else { continue }
        let bucket = unsafe buckets.base + digit * stride
        unsafe term.words.withUnsafeBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return }
          if isFilled[digit] {
            unsafe ring.multiply(bucket, bucket, base + index * stride, scratch)
          } else {
            unsafe bucket.update(from: base + index * stride, count: stride)
          }
        }
        isFilled[digit] = true
      }
      // Adding the running product once for every value from the top down gives bucket v the power v.
      var started = false
      for value in (1..<bucketCount).reversed() {
        if isFilled[value] {
          let bucket = unsafe buckets.base + value * stride
          if started {
            unsafe ring.multiply(running.base, running.base, bucket, scratch)
          } else {
            unsafe running.base.update(from: bucket, count: stride)
          }
          started = true
        }
        if started { unsafe ring.multiply(accumulated.base, accumulated.base, running.base, scratch) }
      }
    }
    unsafe correction.withWords { words in
      unsafe ring.multiply(result, accumulated.base, words, scratch)
    }
  }
}

/// Public words that are shared between threads.
private final class LimbWords: Sendable {
  private let buffer: LimbBuffer
  init(_ buffer: consuming LimbBuffer) { self.buffer = buffer }
  func withWords(_ body: (ConstantLimbs) -> Void) { unsafe body(ConstantLimbs(buffer.base)) }
}
