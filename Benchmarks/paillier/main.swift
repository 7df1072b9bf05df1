import BigNumber
import Glibc
import Paillier
import SecureRandom

// Speed of Paillier, beside GMP's own arithmetic in the same run. One thread; processor time; medians.
// Usage: benchmark-paillier [bits]

/// Processor time of this thread in seconds.
func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The median over nine runs of the time of one operation, when `body` does `count` of them.
func measure(_ name: String, count: Int, _ body: () throws -> Void) rethrows {
  var times: [Double] = []
  for _ in 0..<9 {
    let start = processorSeconds()
    try body()
    times.append((processorSeconds() - start) / Double(count))
  }
  times.sort()
  let micros = times[4] * 1e6
  let text = micros >= 100 ? "\((micros / 10).rounded() / 100) ms" : "\((micros * 1000).rounded() / 1000) µs"
  print(name + String(repeating: " ", count: max(1, 52 - name.count)) + text)
}

let bits = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2048
let start = processorSeconds()
let key = try PaillierPrivateKey.generate(try KeySize(bits: bits))
print("\(bits) bits, one thread")
print("key generation, once: \(((processorSeconds() - start) * 1000).rounded()) ms")
let publicKey = key.publicKey
let core = publicKey.core
let plan = try SlotPlan(valueBits: 16, maxSummands: 1024, for: publicKey)
var generator = SecureGenerator()

// GMP's own arithmetic, as python-paillier and others use it.
let square = core.modulus * core.modulus
let a = Natural.random(below: square, using: &generator)
let b = Natural.random(below: square, using: &generator)
let r = Natural.random(below: core.modulus, using: &generator)
measure("GMP: r^n mod n²", count: 1) { _ = r.power(core.modulus, modulo: square) }
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
  try measure("encrypt, public key, \(label)", count: 20) { _ = try djn.encrypt(values, plan) }
  try measure("  per packed value", count: values.count) { _ = try djn.encrypt(values, plan) }
  print("  tables: \((built * 1000).rounded()) ms to build")
  var holder = try Encryptor(key, variableTime: variableTime)
  try measure("encrypt, key holder, exact, \(label)", count: 20) { _ = try holder.encrypt(values, plan) }
}
var exact = try Encryptor(publicKey, noise: .exact)
try measure("encrypt, public key, full-range r", count: 1) {
  _ = try exact.encrypt(Array(values[..<plan.valuesPerCiphertext]), plan)
}

var encryptor = try Encryptor(key)
let vector = try encryptor.encrypt(values, plan)
let vectors = [EncryptedVector<Fresh>](repeating: vector, count: 101)
try measure("add, per ciphertext", count: 100 * 20) { _ = try EncryptedVector.sum(vectors) }
try measure("  per packed value", count: 100 * values.count) { _ = try EncryptedVector.sum(vectors) }
try measure("decrypt, per ciphertext", count: 20) { _ = try key.decrypt(vector) }
try measure("  per packed value", count: values.count) { _ = try key.decrypt(vector) }

let wide = try SlotPlan(valueBits: 16, maxSummands: 1000, maxWeight: 1 << 32, checksum: false, for: publicKey)
let single = try encryptor.encrypt([1], wide)
let terms = [EncryptedVector<Fresh>](repeating: single, count: 1000)
let weights = (0..<1000).map { _ in Int(generator.next() >> 32) }
try measure("dot product, 1000 terms, 32-bit weights, a term", count: 1000) {
  _ = try EncryptedVector.dot(terms, weights)
}

let bytes = vector.serialized()
measure("write, per ciphertext", count: 20) { _ = vector.serialized() }
try measure("read and validate, per ciphertext", count: 20) {
  _ = try EncryptedVector<Fresh>(parsing: bytes, key: publicKey, plan: plan)
}
