// %% [markdown]
// # Encrypting a hundred clients
//
// A hundred clients train a model. The server may learn the sum of their updates and nothing about any one of them. With
// Paillier's cryptosystem (EUROCRYPT 1999) it adds numbers that it cannot read: the product of two ciphertexts is a
// ciphertext of the sum. This page explains what makes that affordable, what it costs, and how to do without a single
// person who could open everything.
//
// Keys and noise are real and new in every run, so times and ciphertexts differ; sums do not.

// %%
import BigNumber
import ExactMath
import Glibc
import Paillier
import PrivacyAccounting
import Reporting
import SecureAggregation
import SecureRandom

let notebook = Notebook()
let clock = ContinuousClock()
let key = try PaillierPrivateKey.generate(.bits2048)

func seconds(_ start: ContinuousClock.Instant) -> Double {
  let parts = (clock.now - start).components
  return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
}

// %% [markdown]
// ## One number is a waste
//
// A ciphertext under a 2048-bit key is 4096 bits long, whatever is in it. An update of a small model is 650 numbers of
// 16 bits. One ciphertext a number turns 1,300 bytes into a third of a megabyte.
//
// So pack. Write several numbers side by side into one large one, each in a *slot* wide enough for the sum of all clients'
// numbers. With decimal digits, three numbers below 100 and at most nine clients: 12, 34 and 56 become 012 034 056.
// Another client's 001 002 003 is added in one stroke, 013 036 059, and no carry ever crosses a slot. A signed number is
// moved up by half a slot first.

// %%
var packing = Table(
  caption: "Slots of a 2048-bit key",
  columns: [.number("bits a value"), .number("clients"), .number("bits a slot"), .number("values a ciphertext")])
for (bits, clients) in [(8, 10), (8, 100), (16, 100), (16, 1_000), (24, 100)] {
  let plan = try SlotPlan(valueBits: bits, maxSummands: clients, for: key.publicKey)
  packing.add(["\(bits)", NumberText.grouped(clients), "\(plan.slotBits)", "\(plan.valuesPerCiphertext)"])
}
notebook.show(packing)

let bitChoices = [4, 8, 12, 16, 20, 24]
let clientChoices = [10, 100, 1_000, 10_000]
var capacity: [[Double]] = []
for clients in clientChoices {
  capacity.append(
    try bitChoices.map { bits in
      Double(try SlotPlan(valueBits: bits, maxSummands: clients, for: key.publicKey).valuesPerCiphertext)
    })
}
notebook.show(
  HeatMap(
    title: "Values in one ciphertext", description: "Fewer bits and fewer clients leave room for more values.",
    columns: bitChoices.map { "\($0) bits" }, rows: clientChoices.map { "\(NumberText.grouped($0)) clients" },
    values: capacity, decimals: 0))
notebook.check(
  "more clients or more bits never leave room for more values",
  capacity.allSatisfy { row in zip(row, row.dropFirst()).allSatisfy { $0 >= $1 } }
    && zip(capacity, capacity.dropFirst()).allSatisfy { pair in zip(pair.0, pair.1).allSatisfy { $0 >= $1 } })

// %% [markdown]
// ## A round
//
// The plan is agreed by all: 16 bits a value, at most 100 summands. A value that does not fit is refused by the client
// that has it; a hundred and first summand is refused by the adder. Neither can happen silently.

// %%
let clients = 100
let count = 650
let plan = try SlotPlan(valueBits: 16, maxSummands: clients, for: key.publicKey)
var generator = SimulationGenerator(seed: 6, stream: "updates")
var updates: [[Int64]] = []
for _ in 0..<clients {
  var update: [Int64] = []
  for _ in 0..<count { update.append(Int64(generator.uniform(below: 24_001)) - 12_000) }
  updates.append(update.map { min(max($0, plan.valueRange.lowerBound), plan.valueRange.upperBound) })
}
var expected = [Int64](repeating: 0, count: count)
for update in updates {
  for index in expected.indices { expected[index] += update[index] }
}

var costs = Table(
  caption: "A round of \(clients) clients, \(count) values each",
  columns: [.text("phase"), .text("who"), .number("ms"), .number("ms a client")])
func costRow(_ phase: String, _ who: String, _ time: Double, each: Int) -> [String] {
  let whole = NumberText.fixed(time * 1_000, decimals: 1)
  return [phase, who, whole, NumberText.fixed(time * 1_000 / Double(each), decimals: 2)]
}

var mark = clock.now
var encryptor = try Encryptor(key.publicKey)
costs.add(costRow("tables of fixed bases", "client, once", seconds(mark), each: 1))
mark = clock.now
var vectors: [EncryptedVector<Fresh>] = []
for update in updates { vectors.append(try encryptor.encrypt(update, plan)) }
costs.add(costRow("encrypt", "clients", seconds(mark), each: clients))
mark = clock.now
let wires = vectors.map { $0.serialized() }
costs.add(costRow("write", "clients", seconds(mark), each: clients))
mark = clock.now
var received: [EncryptedVector<Fresh>] = []
for wire in wires { received.append(try EncryptedVector<Fresh>(parsing: wire, key: key.publicKey)) }
costs.add(costRow("read and check", "server", seconds(mark), each: clients))
mark = clock.now
let total = try EncryptedVector.sum(received)
costs.add(costRow("add", "server", seconds(mark), each: clients))
mark = clock.now
let opened = try key.decrypt(total, minimumSummands: clients)
costs.add(costRow("open", "key holder", seconds(mark), each: 1))
notebook.show(costs, varies: true)
notebook.check("the opened sum is the sum, to the last bit", opened == expected)

// %% [markdown]
// ## What travels
//
// Sizes, unlike times, are the same everywhere.

// %%
let ciphertexts = plan.ciphertextCount(forValues: count)
var sizes = Table(
  caption: "Bytes from one client", columns: [.text("form"), .number("bytes"), .number("beside plain")])
let plain = count * 2
for (form, bytes) in [
  ("plain, 16 bits a value", plain), ("packed and encrypted", ciphertexts * key.publicKey.ciphertextByteCount),
  ("one ciphertext a value", count * key.publicKey.ciphertextByteCount),
] {
  sizes.add([form, NumberText.grouped(bytes), NumberText.fixed(Double(bytes) / Double(plain), decimals: 1) + "×"])
}
notebook.show(sizes)
notebook.show(
  Plot(
    title: "Bytes from one client",
    description: "Packing is within a few times the plain size; one a value is far above.",
    x: Plot.Axis("values in the update", scale: .logarithmic),
    y: Plot.Axis("bytes", scale: .logarithmic),
    series: [
      .line("plain", [10, 100, 1_000, 10_000].map { Plot.Point(Double($0), Double($0 * 2)) }),
      .line(
        "packed",
        [10, 100, 1_000, 10_000].map {
          Plot.Point(Double($0), Double(plan.ciphertextCount(forValues: $0) * key.publicKey.ciphertextByteCount))
        }),
      .line(
        "one a value",
        [10, 100, 1_000, 10_000].map { Plot.Point(Double($0), Double($0 * key.publicKey.ciphertextByteCount)) }),
    ]))
let expansion = Double(ciphertexts * key.publicKey.ciphertextByteCount) / Double(plain)
notebook.check("packed ciphertexts are less than five times the plain size", expansion < 5)
notebook.check(
  "what is on the wire is the ciphertexts and less than 200 bytes around them",
  wires.allSatisfy { (0..<200).contains($0.count - ciphertexts * key.publicKey.ciphertextByteCount) })

// %% [markdown]
// ## What is refused
//
// Encryption does not make a careless protocol safe. The types refuse the usual mistakes.

// %%
func isRefused(_ body: () throws -> Void) -> Bool {
  do {
    try body()
    return false
  } catch is PaillierError {
    return true
  } catch {
    return false
  }
}

notebook.check(
  "a value outside its slot is refused by the client", isRefused { _ = try encryptor.encrypt([1 << 16], plan) })
let lonely = vectors[0]
notebook.check(
  "one client's update alone is refused by a key holder who asks for a hundred summands",
  isRefused { _ = try key.decrypt(lonely, minimumSummands: clients) })
let crowd = vectors + [vectors[0]]
notebook.check("a hundred and first summand is refused", isRefused { _ = try EncryptedVector.sum(crowd) })

// %% [markdown]
// What encryption alone does not give: a client can send nonsense, and anybody can add to a ciphertext without being
// noticed (it is *malleable*; that is the point). Clients must be known, their messages signed, their updates bounded;
// and the sum itself is not private: add noise (notebook 5) or the hundredth client is the difference of two sums.
//
// ## Nobody holds the key
//
// With a threshold key, t of n parties decrypt together and fewer learn nothing (Damgård and Jurik 2001; Hazay and others
// 2012 compare the variants). The dealer below makes a small key, **too small for use**, because finding the special
// primes of a real one takes minutes.

// %%
let dealing = try ThresholdDealing.generate(try KeySize.insecure(bits: 512), threshold: 3, parties: 5)
let together = dealing.key
let shared = try SlotPlan(valueBits: 16, maxSummands: 10, for: together.publicKey)
var sender = try Encryptor(together.publicKey)
var small: [EncryptedVector<Fresh>] = []
for update in updates.prefix(10) { small.append(try sender.encrypt(Array(update.prefix(40)), shared)) }
let sum = try EncryptedVector.sum(small)
var wanted = [Int64](repeating: 0, count: 40)
for update in updates.prefix(10) {
  for index in wanted.indices { wanted[index] += update[index] }
}
var parts: [PartialDecryption] = []
for party in 1...5 {
  parts.append(try dealing.share(of: party).decryptPart(sum, minimumSummands: 10, context: "round 1"))
}
var agreeing = 0
for a in 0..<5 {
  for b in (a + 1)..<5 {
    for c in (b + 1)..<5 {
      let chosen = [parts[a], parts[b], parts[c]]
      if try together.combine(chosen, sum, context: "round 1") == wanted { agreeing += 1 }
    }
  }
}
notebook.show("\(agreeing) of 10 groups of three open the sum")
notebook.check("every three of the five parties open the same, right sum", agreeing == 10)
notebook.check(
  "two parties open nothing",
  isRefused { _ = try together.combine([parts[0], parts[1]], sum, context: "round 1") })
notebook.check(
  "parts made for one round do not open another",
  isRefused { _ = try together.combine([parts[0], parts[1], parts[2]], sum, context: "round 2") })

// %% [markdown]
// ## What to take away
//
// - Pack, and choose bits and clients in advance: they are the cost.
// - Quantise for the packing: eight bits a value lose little accuracy (notebook 5 trains with eight) and halve everything.
// - Decrypt sums only, with the number of summands that was agreed.
// - If no single party may hold the key, share it, or use pairwise masks, which need no key holder at all.

// %%
notebook.finish()
