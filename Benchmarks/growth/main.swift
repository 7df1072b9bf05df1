import BenchmarkSupport
import DifferentialPrivacy
import ExactMath
import FederatedLearning
import Paillier
import PrivacyAccounting
import PrivateStatistics
import SecureAggregation
import SecureRandom
import TableFormats

// How the time of every part grows with its work, in one run that can be kept and compared. The other benchmarks look at
// one subject each, beside its peers.

let benchmark = Benchmark(
  "growth",
  about: "How the time of every part grows with its work.",
  options: [
    BenchmarkOption("counts", "PATH", "instead: allocations and instructions against the limits kept there"),
    BenchmarkOption("record", nil, "with --counts: write the limits anew"),
  ])

if let path = benchmark.text("counts") {
  _ = try Counts(benchmark, path: path, records: benchmark.has("record"))
  benchmark.finish()
}

func powers(_ range: ClosedRange<Int>, by step: Int = 1) -> [Int] {
  stride(from: range.lowerBound, through: range.upperBound, by: step).map { 1 << $0 }
}

// Noise.
try benchmark.sweep("noise: discrete Laplace", unit: "draws", sizes: powers(12...20, by: 2), bytes: { $0 * 8 }) {
  size in
  let zeros = [Int64](repeating: 0, count: size)
  return {
    var generator = SecureGenerator()
    _ = try DiscreteLaplaceMechanism(scale: 20, dimension: size).release(zeros, using: &generator)
  }
}
try benchmark.sweep("noise: discrete Gaussian", unit: "draws", sizes: powers(12...20, by: 2), bytes: { $0 * 8 }) {
  size in
  let zeros = [Int64](repeating: 0, count: size)
  return {
    var generator = SecureGenerator()
    _ = try DiscreteGaussianMechanism(sigma: 20, dimension: size).release(zeros, using: &generator)
  }
}

// Accounting.
let mass = try Delta("1e-6")
try benchmark.sweep("accounting: loss distributions", unit: "steps", sizes: powers(8...20, by: 4)) { size in
  let step = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=2))")
  let event = try PrivacyEvent.repeated(step, count: size)
  return { _ = try LossDistributionAccountant().epsilon(of: event, delta: mass, adjacency: .addOrRemove) }
}

// Paillier.
let key = try PaillierPrivateKey.generate(.bits2048)
let plan = try SlotPlan(valueBits: 16, maxSummands: 100, for: key.publicKey)
var encryptor = try Encryptor(key.publicKey)
func values(_ count: Int) -> [Int64] { (0..<count).map { Int64($0 * 37 % 30_000) } }
let ciphertextBytes = key.publicKey.ciphertextByteCount
try benchmark.sweep(
  "paillier: encrypt", unit: "values", sizes: powers(8...12, by: 2),
  bytes: { plan.ciphertextCount(forValues: $0) * ciphertextBytes }
) { size in
  let update = values(size)
  return { _ = try encryptor.encrypt(update, plan) }
}
try benchmark.sweep("paillier: decrypt", unit: "values", sizes: powers(8...12, by: 2)) { size in
  let vector = try encryptor.encrypt(values(size), plan)
  return { _ = try key.decrypt(vector) }
}
try benchmark.sweep("paillier: add", unit: "summands", sizes: powers(2...6)) { size in
  let vector = try encryptor.encrypt(values(512), plan)
  let vectors = [EncryptedVector<Fresh>](repeating: vector, count: size)
  return { _ = try EncryptedVector.sum(vectors) }
}

// Secure aggregation.
try benchmark.sweep("secure aggregation: plain sum", unit: "clients", sizes: powers(3...7)) { size in
  let shape = try SumShape(count: 4_096, ringBits: 32, maximumContributors: size)
  let update = values(4_096)
  return {
    var sum = PlainSum(insecurelyShaped: shape)
    var client = sum.makeClient()
    var server = sum.makeServer(round: 1)
    for number in 0..<size { try server.add(client.protect(update, client: number, round: 1)) }
    _ = try sum.open(server)
  }
}

// Federated learning.
let digits = try DataSplit.digits()
try benchmark.sweep("federated: rounds of a perceptron", unit: "rounds", sizes: powers(1...4)) { size in
  var settings = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "mlp", hidden: [32]), rounds: size)
  settings.evaluation = EvaluationOptions(every: size)
  let plan = try SimulationPlan(settings, data: digits)
  return {
    var simulation = Simulation(plan, threads: 1)
    _ = try simulation.run()
  }
}

// Pipelines.
let query = try Query(
  privacyUnit: .column("user"), epsilon: Epsilon("1"), delta: Delta("0"),
  bounds: ContributionBounds(groupsPerUnit: 3, rowsPerGroup: 10),
  groupBy: [GroupColumn(column: "group", keys: (0..<100).map { "g\($0)" })],
  metrics: [Metric(name: "n", kind: .count)])
func rows(_ count: Int) -> [UInt8] {
  var generator = SimulationGenerator(seed: 1, stream: "rows")
  var text = "user,group\n"
  for _ in 0..<count { text += "\(generator.uniform(below: max(count / 10, 1))),g\(generator.uniform(below: 100))\n" }
  return Array(text.utf8)
}
try benchmark.sweep("pipelines: count by user and group", unit: "rows", sizes: powers(12...18, by: 2)) { size in
  let text = rows(size)
  return {
    var accumulator = try Accumulator(query, key: SamplingKey())
    var reader = try CSVReader(ByteSource(text, name: "memory"), columns: query.columns)
    try accumulator.add(&reader)
  }
}

benchmark.finish()
