import BenchmarkSupport
import BigNumber
import CKernels
import Paillier
import SecureRandom

/// One key with everything that is measured under it.
final class Subjects {
  let bits: Int
  private let benchmark: Benchmark
  private let key: PaillierPrivateKey
  private let publicKey: PaillierPublicKey
  private let plan: SlotPlan
  private let values: [Int64]
  private var publicFast: Encryptor
  private var publicLarge: Encryptor
  private var publicSteady: Encryptor
  private var holderFast: Encryptor
  private var holderSteady: Encryptor
  private var exact: Encryptor
  private let vectors: [EncryptedVector<Fresh>]
  private let terms: [EncryptedVector<Fresh>]
  private let weights: [Int]
  private let a: Natural
  private let b: Natural
  private let square: Natural
  private(set) var samples = Samples()

  /// Ciphertexts of one measurement.
  private static let batch = 10
  private static let largeTable = 24_000_000

  init(bits: Int, _ benchmark: Benchmark) throws {
    self.bits = bits
    self.benchmark = benchmark
    var generator = SecureGenerator()
    let key = try PaillierPrivateKey.generate(try KeySize(bits: bits))
    let publicKey = key.publicKey
    let plan = try SlotPlan(valueBits: 16, maxSummands: 1024, for: publicKey)
    let values = (0..<(Self.batch * plan.valuesPerCiphertext)).map { Int64($0 * 7919 % 65536 - 32768) }
    publicFast = try Encryptor(publicKey, noise: .damgardJurikNielsen, variableTime: true)
    publicLarge = try Encryptor(
      publicKey, noise: .damgardJurikNielsen, variableTime: true, tableBytes: Self.largeTable)
    publicSteady = try Encryptor(publicKey, noise: .damgardJurikNielsen)
    holderFast = try Encryptor(key, variableTime: true)
    var holderSteady = try Encryptor(key)
    exact = try Encryptor(publicKey, noise: .exact)
    let vector = try holderSteady.encrypt(values, plan)
    vectors = [EncryptedVector<Fresh>](repeating: vector, count: 101)
    let wide = try SlotPlan(valueBits: 16, maxSummands: 1000, maxWeight: 1 << 32, checksum: false, for: publicKey)
    terms = [EncryptedVector<Fresh>](repeating: try holderSteady.encrypt([1], wide), count: 1000)
    weights = (0..<1000).map { _ in Int(generator.next() >> 32) }
    square = publicKey.core.modulus * publicKey.core.modulus
    a = Natural.random(below: square, using: &generator)
    b = Natural.random(below: square, using: &generator)
    self.holderSteady = holderSteady
    self.key = key
    self.publicKey = publicKey
    self.plan = plan
    self.values = values
  }

  private var limbs: Int { (bits + 63) / 64 }

  /// A target in microseconds for one of the sizes that have one.
  private func target(_ short: Double?, _ long: Double? = nil) -> Double? {
    bits == 2048 ? short : bits == 3072 ? long : nil
  }

  private func combs(_ variableTime: Bool, tableBytes: Int? = nil) -> Int {
    Cost.comb(exponent: bits / 2, limbs: limbs, tableBytes: tableBytes, variableTime: variableTime)
  }

  private func halves(_ variableTime: Bool) -> Int {
    2 * Cost.comb(exponent: bits / 2, limbs: limbs / 2, tableBytes: nil, variableTime: variableTime)
  }

  /// One round of everything: five samples a row.
  func measure() throws {
    let batch = Self.batch
    let perValue = Double(plan.valuesPerCiphertext)
    func row(
      _ name: String, _ target: Double?, _ products: Int, perValueTarget: Double? = nil, count: Int,
      _ body: () throws -> Void
    ) rethrows {
      guard wants(name) else { return }
      let seconds = try timings(count: count, body)
      samples.add(name, seconds, target: target, products: products)
      if perValueTarget != nil {
        samples.add(
          "\(name), a packed value of it", seconds.map { $0 / perValue }, unit: "values", target: perValueTarget)
      }
    }
    try row(
      "encrypt, public key, variable time", target(360, 1200), combs(true), perValueTarget: 5, count: batch
    ) { _ = try publicFast.encrypt(values, plan) }
    try row(
      "encrypt, public key, variable time, 24 MB", target(300), combs(true, tableBytes: Self.largeTable), count: batch
    ) {
      _ = try publicLarge.encrypt(values, plan)
    }
    try row(
      "encrypt, public key, constant time", target(720), combs(false), perValueTarget: 10, count: batch
    ) { _ = try publicSteady.encrypt(values, plan) }
    try row("encrypt, key holder, variable time", target(210, 700), halves(true), perValueTarget: 5, count: batch) {
      _ = try holderFast.encrypt(values, plan)
    }
    try row("encrypt, key holder, constant time", target(420), halves(false), perValueTarget: 10, count: batch) {
      _ = try holderSteady.encrypt(values, plan)
    }
    try row(
      "decrypt, constant time", target(1500, 4600), 2 * Cost.power(exponent: bits / 2, limbs: limbs / 2),
      perValueTarget: 21, count: batch
    ) { _ = try key.decrypt(vectors[0]) }
    try row("add", target(2.8), Cost.multiply(limbs), perValueTarget: 0.04, count: 100 * batch) {
      _ = try EncryptedVector.sum(vectors)
    }
    try row(
      "dot product, 1000 terms, 32-bit weights, a term", target(16), (1000 + 256) * 4 * Cost.multiply(limbs) / 1000,
      count: 1000
    ) { _ = try EncryptedVector.dot(terms, weights) }

    let single = Array(values[..<plan.valuesPerCiphertext])
    let full = Cost.power(exponent: bits, limbs: limbs)
    try row("encrypt, public key, full-range r", target(5600), full, count: 1) { _ = try exact.encrypt(single, plan) }
    if wants("GMP") {
      samples.add("GMP: product modulo n²", timings(count: 200) { for _ in 0..<200 { _ = (a * b) % square } })
      samples.add("GMP: r^n modulo n²", timings(count: 1) { _ = a.power(publicKey.core.modulus, modulo: square) })
    }
    // The path of processors without BMI2 and ADX.
    guard wants("without ADX") else { return }
    tacit_montgomery_force_portable(1)
    defer { tacit_montgomery_force_portable(0) }
    samples.add(
      "encrypt, public key, full-range r, without ADX",
      try timings(count: 1) { _ = try exact.encrypt(single, plan) })
    let vector = vectors[0]
    samples.add("decrypt, without ADX", try timings(count: batch) { _ = try key.decrypt(vector) })
  }

  private func wants(_ name: String) -> Bool { benchmark.wants("\(bits) bits: \(name)") }

  /// What only needs doing once: ratios.
  func ratios() throws {
    if let power = samples.median("GMP: r^n modulo n²"),
      let portable = samples.median("encrypt, public key, full-range r, without ADX")
    {
      benchmark.figure("\(bits) bits: mpz_powm over us without ADX", power / portable, target: "at least 1.3")
    }
    // Wall time, so only a quiet machine shows it; threads that share a boosted clock slow each other down.
    guard wants("two threads over one, encrypting") else { return }
    let many = [Int64](repeating: 5, count: 300 * plan.valuesPerCiphertext)
    let one = try wallSeconds { _ = try publicSteady.encrypt(many, plan) }
    let two = try wallSeconds { _ = try publicSteady.encrypt(many, plan, threads: 2) }
    benchmark.figure("\(bits) bits: two threads over one, encrypting", one / two, target: "at least 1.9")
  }
}
