import BenchmarkSupport
import DifferentialPrivacy
import ExactMath
import Foundation
import Paillier
import PrivacyAccounting
import PrivateStatistics
import SecureRandom
import TableFormats

/// Allocations and instructions of small, repeatable work, against limits that are kept beside the code.
///
/// A line of the file is `allocations-at-most instructions-at-most subject`; `-` where there is no limit. The least of
/// several runs counts, because growing buffers and random rejections only ever add.
@MainActor
struct Counts {
  let benchmark: Benchmark
  private var lines: [String] = []
  private var limits: [String: (allocations: Int?, instructions: Int?)] = [:]
  private var excess: [String] = []

  init(_ benchmark: Benchmark, path: String, records: Bool) throws {
    self.benchmark = benchmark
    if !records {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { benchmark.fail("cannot read \(path)") }
      for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count == 3 else { benchmark.fail("\(path): a line is not two limits and a subject") }
        limits[String(words[2])] = (Int(words[0]), Int(words[1]))
      }
    }
    try measure()
    if records {
      let head = "# allocations-at-most instructions-at-most subject: benchmark-growth --counts FILE --record"
      let text = ([head] + lines).joined(separator: "\n") + "\n"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
    for line in excess { benchmark.note("TOO MANY: \(line)") }
    if !excess.isEmpty { benchmark.fail("\(excess.count) counts are above their limits in \(path)") }
  }

  private mutating func count(_ name: String, _ body: () throws -> Void) rethrows {
    var allocations: Int?
    var instructions: Int?
    for _ in 0..<5 {
      let found = try benchmark.counts(name, body)
      allocations = [allocations, found.allocations].compactMap { $0 }.min()
      instructions = [instructions, found.instructions].compactMap { $0 }.min()
    }
    func said(_ count: Int?, _ limit: Int?, _ what: String) -> String {
      guard let count else { return "\(what) are not counted here" }
      guard let limit else { return "\(count) \(what)" }
      return "\(count) \(what) (at most \(limit))"
    }
    let limit = limits[name]
    let line =
      "\(name): \(said(allocations, limit?.allocations, "allocations")), "
      + said(instructions, limit?.instructions, "instructions")
    benchmark.note(line)
    if let most = limit?.allocations, let allocations, allocations > most { excess.append(line) }
    if let most = limit?.instructions, let instructions, instructions > most { excess.append(line) }
    let room = (allocations.map { "\($0 + $0 / 20)" } ?? "-", instructions.map { "\($0 + $0 / 10)" } ?? "-")
    lines.append("\(room.0) \(room.1) \(name)")
  }

  private mutating func measure() throws {
    let zeros = [Int64](repeating: 0, count: 65_536)
    let gaussian = try DiscreteGaussianMechanism(sigma: 20, dimension: zeros.count)
    var generator = SecureGenerator()
    count("65,536 draws of discrete Gaussian noise") { _ = gaussian.release(zeros, using: &generator) }

    let steps = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=2)) * 1000")
    let mass = try Delta("1e-6")
    try count("loss distributions of 1,000 steps") {
      _ = try LossDistributionAccountant().epsilon(of: steps, delta: mass, adjacency: .addOrRemove)
    }
    try count("Rényi divergences of 1,000 steps") {
      _ = try RenyiAccountant().epsilon(of: steps, delta: mass, adjacency: .addOrRemove)
    }

    let key = try PaillierPrivateKey.generate(.bits2048)
    let plan = try SlotPlan(valueBits: 16, maxSummands: 100, for: key.publicKey)
    var encryptor = try Encryptor(key.publicKey)
    let vector = try encryptor.encrypt([Int64](repeating: 1, count: 512), plan)
    let vectors = [EncryptedVector<Fresh>](repeating: vector, count: 32)
    try count("32 encrypted vectors of 512 values added") { _ = try EncryptedVector.sum(vectors) }

    let query = try Query(
      privacyUnit: .column("user"), epsilon: Epsilon("1"), delta: Delta("0"),
      bounds: ContributionBounds(groupsPerUnit: 3, rowsPerGroup: 10),
      groupBy: [GroupColumn(column: "group", keys: (0..<100).map { "g\($0)" })],
      metrics: [Metric(name: "n", kind: .count)])
    var text = "user,group\n"
    for row in 0..<10_000 { text += "\(row * 7_919 % 1_000),g\(row % 100)\n" }
    let table = Array(text.utf8)
    try count("10,000 rows accumulated by user and group") {
      var accumulator = try Accumulator(query, key: SamplingKey())
      var reader = try CSVReader(ByteSource(table, name: "memory"), columns: query.columns)
      try accumulator.add(&reader)
    }
  }
}
