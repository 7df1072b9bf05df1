import BigNumber
import CKernels
import SecureRandom
import Testing

/// Two-digit arithmetic against GMP on whole numbers, and the two kernels against each other.
@Suite(.serialized) struct PairModulusTests {
  /// Odd moduli of a size: random, all ones, top bit only, several zero top bits.
  static func modulus(limbs: Int, kind: Int, using generator: inout SecureGenerator) -> Natural {
    let bits = 64 * limbs
    var value: Natural
    switch kind % 4 {
    case 0: value = Natural.powerOfTwo(bits) - 1
    case 1: value = Natural.random(bits: bits, using: &generator)
    case 2: value = Natural.powerOfTwo(bits - 1)
    default: value = Natural.random(bits: bits - 21, using: &generator)
    }
    if kind % 4 == 1 { value.setBit(at: bits - 1) }
    value.setBit(at: 0)
    value.setBit(at: 2)
    return value
  }

  /// A digit below n: random, or an edge.
  static func digit(_ kind: UInt64, below n: borrowing Natural, using generator: inout SecureGenerator) -> Natural {
    switch kind % 6 {
    case 0: Natural()
    case 1: Natural(1)
    case 2: n - 1
    case 3: n - 2
    default: Natural.random(below: n, using: &generator)
    }
  }

  @Test(arguments: [1, 2, 4, 5, 8, 15, 16, 24, 32, 33, 48, 64, 70], [false, true])
  func `products and squares of pairs agree with whole-number arithmetic`(limbs: Int, portable: Bool) {
    tacit_montgomery_force_portable(portable ? 1 : 0)
    defer { tacit_montgomery_force_portable(0) }
    var generator = SecureGenerator()
    var wrong = 0
    for kind in 0..<4 {
      let n = Self.modulus(limbs: limbs, kind: kind, using: &generator)
      let ring = PairModulus(n)
      let square = n * n
      let radix = Natural.powerOfTwo(64 * ring.limbs)
      let scratch = ring.makeScratch()
      let (a, b, r) = (0, 1, 2)
      let pairs = LimbBuffer(count: 6 * ring.limbs)
      for _ in 0..<(limbs > 20 ? 12 : 60) {
        let words = (0..<4).map { _ in generator.next() }
        let a0 = Self.digit(words[0], below: n, using: &generator)
        let a1 = Self.digit(words[1], below: n, using: &generator)
        let b0 = Self.digit(words[2], below: n, using: &generator)
        let b1 = Self.digit(words[3], below: n, using: &generator)
        let x = a0 + a1 * n
        let y = b0 + b1 * n
        let pa = unsafe pairs.base + 2 * a * ring.limbs
        let pb = unsafe pairs.base + 2 * b * ring.limbs
        let pr = unsafe pairs.base + 2 * r * ring.limbs
        unsafe ring.split(x, by: n, into: pa)
        unsafe ring.reduce(y + square * 3, into: pb)
        unsafe ring.multiply(pr, pa, pb, scratch.base)
        if unsafe (ring.join(pr) * radix) % square != (x * y) % square || square <= ring.join(pr) { wrong += 1 }
        unsafe ring.multiply(pb, pa, pb, scratch.base)
        if unsafe ring.join(pb) != ring.join(pr) { wrong += 1 }
        unsafe ring.square(pa, pa, scratch.base)
        if unsafe (ring.join(pa) * radix) % square != (x * x) % square || square <= ring.join(pa) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test func `a million operations of the fast and the portable rows agree`() {
    guard tacit_montgomery_is_accelerated() == 1 else { return }
    var generator = SecureGenerator()
    var wrong = 0
    for (limbs, rounds) in [
      (4, 600_000), (8, 300_000), (16, 80_000), (24, 15_000), (32, 5_000), (48, 2_000), (64, 1_000),
    ] {
      let n = Self.modulus(limbs: limbs, kind: limbs / 4, using: &generator)
      let ring = PairModulus(n)
      let scratch = ring.makeScratch()
      let fast = ring.makePair()
      let slow = ring.makePair()
      let start = ring.makePair()
      unsafe ring.split(Natural.random(below: n * n, using: &generator), by: n, into: start.base)
      for buffer in [0, 1] {
        tacit_montgomery_force_portable(Int32(buffer))
        let x = unsafe buffer == 0 ? fast.base : slow.base
        unsafe x.update(from: start.base, count: start.count)
        for round in 0..<rounds {
          if round % 3 == 0 {
            unsafe ring.square(x, x, scratch.base)
          } else {
            unsafe ring.multiply(x, x, start.base, scratch.base)
          }
        }
      }
      tacit_montgomery_force_portable(0)
      for index in 0..<fast.count where unsafe fast.base[index] != slow.base[index] { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: [3, 4, 16, 31], [false, true])
  func `powers by windows and by combs agree with GMP's`(limbs: Int, variableTime: Bool) {
    var generator = SecureGenerator()
    for kind in 0..<4 {
      let n = Self.modulus(limbs: limbs, kind: kind, using: &generator)
      let square = n * n
      let ring = PairModulus(n)
      let scratch = ring.makeScratch()
      var base = Natural.random(below: square, using: &generator)
      while Natural.greatestCommonDivisor(base, n) != Natural(1) {
        base = Natural.random(below: square, using: &generator)
      }
      for bits in [1, 7, 64, 65, 130, 333] {
        let exponent = kind == 0 ? Natural.powerOfTwo(bits) - 1 : Natural.random(bits: bits, using: &generator)
        let expected = base.power(exponent, modulo: square)
        let words = LimbBuffer(count: (bits + 63) / 64)
        let x = ring.makePair()
        let result = ring.makePair()
        unsafe exponent.export(to: words.base, count: words.count)
        unsafe ring.split(base, by: n, into: x.base)
        unsafe ring.multiply(x.base, x.base, ring.radixSquared, scratch.base)
        unsafe ring.power(
          result.base, x.base, exponent: words.base, bits: bits, variableTime: variableTime, scratch.base)
        unsafe ring.multiply(result.base, result.base, ring.unit, scratch.base)
        #expect(holds(unsafe ring.join(result.base) == expected))
        for shape in [
          FixedBaseComb.Shape(teeth: 5, tables: 16), .init(teeth: 3, tables: 1), .init(teeth: 4, tables: 3),
          .fitting(bits: bits, limbs: ring.limbs, tableBytes: 100_000, variableTime: variableTime),
        ] {
          let comb = unsafe FixedBaseComb(
            base: x.base, modulus: ring, exponentBits: bits, shape: shape, variableTime: variableTime)
          unsafe comb.power(result.base, exponent: words.base, scratch.base)
          unsafe ring.multiply(result.base, result.base, ring.unit, scratch.base)
          #expect(holds(unsafe ring.join(result.base) == expected))
        }
      }
    }
  }

  @Test func `single digits add, subtract and multiply modulo n`() {
    var generator = SecureGenerator()
    for limbs in [4, 16, 24] {
      for kind in 0..<4 {
        let n = Self.modulus(limbs: limbs, kind: kind, using: &generator)
        let ring = PairModulus(n)
        let radix = Natural.powerOfTwo(64 * ring.limbs)
        let scratch = ring.makeScratch()
        let buffer = LimbBuffer(count: 3 * ring.limbs)
        let (pa, pb) = unsafe (buffer.base, buffer.base + ring.limbs)
        let pr = unsafe pb + ring.limbs
        for round in 0..<36 {
          let a = Self.digit(UInt64(round), below: n, using: &generator)
          let b = Self.digit(UInt64(round / 6), below: n, using: &generator)
          unsafe a.export(to: pa, count: ring.limbs)
          unsafe b.export(to: pb, count: ring.limbs)
          unsafe ring.digitAdd(pr, pa, pb, scratch.base)
          #expect(holds(unsafe Natural(limbs: pr, count: ring.limbs) == (a + b) % n))
          unsafe ring.digitSubtract(pr, pa, pb, scratch.base)
          #expect(holds(unsafe Natural(limbs: pr, count: ring.limbs) == (a + n - b) % n))
          unsafe ring.digitMultiply(pr, pa, pb, scratch.base)
          #expect(holds(unsafe (Natural(limbs: pr, count: ring.limbs) * radix) % n == (a * b) % n))
        }
      }
    }
  }
}
