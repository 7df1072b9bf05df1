import BigNumber
import CKernels
import Glibc
import Paillier
import SecureRandom

// Speed of Paillier, beside GMP's own arithmetic in the same run. One thread; processor time; medians.
// Usage: benchmark-paillier [bits] [python]
//   python: an interpreter with the peers that Benchmarks/Peers/install-paillier-peers installs.

let arguments = CommandLine.arguments.dropFirst()
let bits = arguments.first.flatMap { Int($0) } ?? 2048
let start = processorSeconds()
let key = try PaillierPrivateKey.generate(try KeySize(bits: bits))
print(
  "\(bits) bits, one thread, \(Int(megahertz)) MHz, \(tacit_montgomery_is_accelerated() == 1 ? "ADX" : "portable") rows"
)
print("limb products: 64-bit products the formulae need; a core does at most one a cycle, this processor perhaps fewer")
print(pad("operation", 52) + pad("time", 13) + pad("target", 13) + pad("cycles", 13) + "cycles a limb product")
print("key generation, once: \(((processorSeconds() - start) * 1000).rounded()) ms")
let publicKey = key.publicKey
let cost = Cost(limbs: (bits + 63) / 64)
let core = publicKey.core
let plan = try SlotPlan(valueBits: 16, maxSummands: 1024, for: publicKey)
var generator = SecureGenerator()

// GMP's own arithmetic, as python-paillier and others use it.
let square = core.modulus * core.modulus
let a = Natural.random(below: square, using: &generator)
let b = Natural.random(below: square, using: &generator)
let r = Natural.random(below: core.modulus, using: &generator)
let gmpPower = measure("GMP: r^n mod n²", count: 1) { _ = r.power(core.modulus, modulo: square) }
measure("GMP: product mod n²", count: 1000) { for _ in 0..<1000 { _ = (a * b) % square } }
measure("GMP: power by 32 bits", count: 50) {
  let weight = Natural(4_000_000_007)
  for _ in 0..<50 { _ = a.power(weight, modulo: square) }
}

let values = (0..<(20 * plan.valuesPerCiphertext)).map { Int64($0 * 7919 % 65536 - 32768) }
for variableTime in [true, false] {
  let label = variableTime ? "variable time" : "constant time"
  var built = processorSeconds()
  var djn = try Encryptor(publicKey, noise: .damgardJurikNielsen, variableTime: variableTime)
  built = processorSeconds() - built
  try measure(
    "encrypt, public key, \(label)", count: 20,
    products: cost.comb(exponent: bits / 2, digits: cost.limbs, variableTime),
    target: variableTime ? [2048: 360, 3072: 1200] : [2048: 720]
  ) { _ = try djn.encrypt(values, plan) }
  try measure("  per packed value", count: values.count) { _ = try djn.encrypt(values, plan) }
  print("  tables: \((built * 1000).rounded()) ms to build")
  var holder = try Encryptor(key, variableTime: variableTime)
  try measure(
    "encrypt, key holder, exact, \(label)", count: 20,
    products: 2 * cost.comb(exponent: bits / 2, digits: cost.limbs / 2, variableTime),
    target: variableTime ? [2048: 210, 3072: 700] : [2048: 420]
  ) { _ = try holder.encrypt(values, plan) }
}
var exact = try Encryptor(publicKey, noise: .exact)
try measure("encrypt, public key, full-range r", count: 1) {
  _ = try exact.encrypt(Array(values[..<plan.valuesPerCiphertext]), plan)
}

// The path of processors without BMI2 and ADX.
tacit_montgomery_force_portable(1)
let portable = try measure("encrypt, full-range r, portable path forced", count: 1) {
  _ = try exact.encrypt(Array(values[..<plan.valuesPerCiphertext]), plan)
}
print("  GMP's power takes \(round(gmpPower / portable)) times as long (target 1.3)")
tacit_montgomery_force_portable(0)

var encryptor = try Encryptor(key)
let vector = try encryptor.encrypt(values, plan)
let vectors = [EncryptedVector<Fresh>](repeating: vector, count: 101)
try measure(
  "add, per ciphertext", count: 100 * 20, products: cost.multiply(cost.limbs), target: [2048: 2.8]
) { _ = try EncryptedVector.sum(vectors) }
try measure("  per packed value", count: 100 * values.count) { _ = try EncryptedVector.sum(vectors) }
try measure(
  "decrypt, per ciphertext", count: 20, products: 2 * cost.power(exponent: bits / 2, digits: cost.limbs / 2),
  target: [2048: 1500, 3072: 4600]
) { _ = try key.decrypt(vector) }
try measure("  per packed value", count: values.count) { _ = try key.decrypt(vector) }

encryptor.fillNoisePool(9 * 20)
try measure("encrypt, noise from the pool", count: 20) { _ = try encryptor.encrypt(values, plan) }

let wide = try SlotPlan(valueBits: 16, maxSummands: 1000, maxWeight: 1 << 32, checksum: false, for: publicKey)
let single = try encryptor.encrypt([1], wide)
let terms = [EncryptedVector<Fresh>](repeating: single, count: 1000)
let weights = (0..<1000).map { _ in Int(generator.next() >> 32) }
try measure(
  "dot product, 1000 terms, 32-bit weights, a term", count: 1000, products: 5 * cost.multiply(cost.limbs),
  target: [2048: 16]
) {
  _ = try EncryptedVector.dot(terms, weights)
}

let bytes = vector.serialized()
measure("write, per ciphertext", count: 20) { _ = vector.serialized() }
try measure("read and validate, per ciphertext", count: 20) {
  _ = try EncryptedVector<Fresh>(parsing: bytes, key: publicKey, plan: plan)
}

// Two threads beside one: wall time, so only a quiet machine shows it.
let many = [Int64](repeating: 5, count: 100 * plan.valuesPerCiphertext)
let one = try wallSeconds { _ = try encryptor.encrypt(many, plan) }
let two = try wallSeconds { _ = try encryptor.encrypt(many, plan, threads: 2) }
print("two threads encrypt \(round(one / two)) times as fast as one (target 1.9)")
let same = try EncryptedVector.sum(vectors).words == EncryptedVector.sum(vectors, threads: 2).words
print("same bytes for one and two threads: \(same)")

printPeers(python: arguments.dropFirst().first, bits: bits)
