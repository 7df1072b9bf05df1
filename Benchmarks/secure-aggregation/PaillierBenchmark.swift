import BenchmarkSupport
import Paillier
import SecureAggregation

/// Packed Paillier with a 2048-bit key: 10,000 parameters of 16 bits.
enum PaillierBenchmark {
  static let count = 10_000

  static func run(_ benchmark: Benchmark) throws {
    guard benchmark.wants("Paillier") else { return }
    func report(_ name: String, _ seconds: Double, bytes: Int? = nil) {
      benchmark.add(
        BenchmarkRow("Paillier, 2048 bits: \(name)", size: count, unit: "parameters", times: [seconds], bytes: bytes))
    }
    let shape = try SumShape(count: count, ringBits: 23, maximumContributors: 100, minimumContributors: 2)
    let key = try PaillierPrivateKey.generate(.bits2048)
    let publicKey = key.publicKey
    let values = (0..<count).map { Int64($0 % 65_536) - 32_768 }
    for variableTime in [true, false] {
      var client = try PaillierParties.Client(shape, publicKey, variableTime: variableTime)
      let time = try MaskBenchmark.seconds { _ = try client.protect(values, client: 0, round: 1) }
      report("client encrypts and signs, \(variableTime ? "variable" : "constant") time", time)
    }
    var sum = try PaillierSum(shape, key: key, variableTime: true)
    var client = sum.makeClient()
    var server = sum.makeServer(round: 1)
    var contributions: [EncryptedContribution] = []
    for number in 0..<8 { contributions.append(try client.protect(values, client: number, round: 1)) }
    let bytes = contributions[0].serialized()
    let parse = try MaskBenchmark.seconds { _ = try EncryptedContribution(parsing: bytes, scope: sum.scope) }
    report("server reads one client's bytes", parse)
    var other = sum.makeServer(round: 1)
    let add = try MaskBenchmark.seconds {
      for contribution in contributions { try server.add(contribution) }
      try server.merge(other)
    }
    _ = other.contributors
    other = server
    report("server checks and adds one client", add / 8)
    let open = try MaskBenchmark.seconds { _ = try sum.open(server) }
    report("key holder checks 8 clients and opens", open)
    let dealing = try ThresholdDealing.generate(.bits2048, threshold: 2, parties: 3)
    let first = ClientIdentity(client: 0)
    let second = ClientIdentity(client: 1)
    let enrollment = try Enrollment([first.enrolled, second.enrolled])
    var sender = try PaillierParties.Client(shape, dealing.key.publicKey, variableTime: true)
    let pair = [
      try sender.protect(values, round: 1, as: first), try sender.protect(values, round: 1, as: second),
    ]
    var decryptor = try ThresholdDecryptor(shape, share: dealing.share(of: 1), enrolled: enrollment)
    let part = try MaskBenchmark.seconds { _ = try decryptor.part(pair, round: 1) }
    report("one of several decryptors, with its proof", part)
    benchmark.figure("Paillier, 2048 bits: bytes of a client over float32", Double(bytes.count) / Double(4 * count))
  }
}
