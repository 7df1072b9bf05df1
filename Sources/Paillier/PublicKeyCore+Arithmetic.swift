package import BigNumber
private import SecureRandom

extension PublicKeyCore {
  /// The canonical number of a pair held in an array.
  package func number(_ words: [UInt64]) -> Natural {
    let pair = ring.makePair()
    precondition(words.count == pair.count, "a ciphertext has two digits")
    for index in 0..<pair.count { unsafe pair.base[index] = words[index] }
    return unsafe number(pair.base)
  }

  /// R^k mod n² in ordinary form: the product of k factors that each lost an R becomes right again with it.
  func radixPower(_ k: Int) -> LimbBuffer {
    let scratch = ring.makeScratch()
    let result = ring.makePair()
    let exponent = PublicExponent(Natural(UInt(k)))
    // R² stands for R in Montgomery form; its power is R^k in that form.
    unsafe ring.power(
      result.base, ring.radixSquared, exponent: exponent.words.base, bits: exponent.bits, variableTime: true,
      scratch.base)
    unsafe ring.multiply(result.base, result.base, ring.unit, scratch.base)
    return result
  }

  /// Multiplies the ciphertexts `range` of `words` by fresh noise.
  func rerandomize(_ words: [UInt64], _ range: Range<Int>, _ output: Limbs, _ source: any NoiseSource) {
    var generator = SecureGenerator()
    let scratch = ring.makeScratch()
    let noise = ring.makePair()
    let stride = 2 * ring.limbs
    unsafe words.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for index in range {
        unsafe source.draw(noise.base, using: &generator, scratch.base)
        unsafe ring.multiply(output + index * stride, noise.base, base + index * stride, scratch.base)
      }
    }
  }
}
