import Foundation
import SecureAggregation
import SecureRandom

/// One client of a masked round, timed phase by phase against real neighbours.
enum MaskBenchmark {
  struct Cost {
    var keys = 0.0
    var shares = 0.0
    var mask = 0.0
    var unmask = 0.0
    var upload = 0
    var download = 0

    /// What a client does for a round.
    var total: Double { keys + shares + mask + unmask }
  }

  final class Holder {
    let identity: ClientIdentity
    init(_ number: Int) { identity = ClientIdentity(client: number) }
  }

  final class Party {
    let holder: Holder
    var client: MaskingClient

    init(_ holder: Holder, _ plan: MaskPlan) throws {
      client = try MaskingClient(plan, client: holder.identity.client)
      self.holder = holder
    }
  }

  /// Processor seconds of this thread, so that other work on the machine does not count.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
      var time = timespec()
      unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let began = now()
    try body()
    return now() - began
  }

  /// A whole round; only client 0 carries a long vector on the clock, the others' inputs are as long and not timed.
  static func measure(clients: Int, neighbours: Int?, count: Int, bits: Int) throws -> Cost {
    var identities: [Int: EnrolledClient] = [:]
    var made: [Party] = []
    let shape = try SumShape(count: count, ringBits: bits, maximumContributors: clients, minimumContributors: 2)
    var holders: [Holder] = []
    for number in 0..<clients {
      let holder = Holder(number)
      identities[number] = holder.identity.enrolled
      holders.append(holder)
    }
    let degree = neighbours ?? clients - 1
    let form: MaskGraph.Form = neighbours.map { .ring(neighbours: $0, seed: Beacon.draw()) } ?? .complete
    let plan = try MaskPlan(
      shape, round: 1, cohort: Enrollment(Array(identities.values)), graph: form, threshold: degree / 2 + 1)
    var cost = Cost()
    var server = MaskingServer(plan)
    for holder in holders {
      var party: Party?
      let time = try seconds {
        let fresh = try Party(holder, plan)
        let message = try fresh.client.advertise(as: fresh.holder.identity)
        try server.receive(message)
        party = fresh
      }
      guard let party else { continue }
      if made.isEmpty { cost.keys = time }
      made.append(party)
    }
    try server.closeKeys()
    for (index, party) in made.enumerated() {
      let list = try server.keyList(for: index)
      var bundle: ShareBundle?
      let time = try seconds { bundle = try party.client.share(list, as: party.holder.identity) }
      guard let bundle else { continue }
      if index == 0 {
        cost.shares = time
        cost.upload += 141 + bundle.serialized().count
        cost.download += list.serialized().count
      }
      try server.receive(bundle)
    }
    try server.closeShares()
    let zeros = [Int64](repeating: 1, count: count)
    for (index, party) in made.enumerated() {
      let delivery = try server.delivery(for: index)
      let time = try seconds { try party.client.accept(delivery) }
      var input: MaskedInput?
      let masking = try seconds { input = try party.client.mask(zeros, as: party.holder.identity) }
      guard let input else { continue }
      if index == 0 {
        cost.shares += time
        cost.mask = masking
        cost.upload += input.serialized().count
        cost.download += delivery.serialized().count
      }
      try server.receive(input)
    }
    let set = try server.closeInputs()
    for (index, party) in made.enumerated() {
      var message: SurvivorConfirmation?
      let time = try seconds { message = try party.client.confirm(set, as: party.holder.identity) }
      if index == 0 { cost.unmask += time }
      if let message { try server.receive(message) }
    }
    try server.closeConfirmations()
    for (index, party) in made.enumerated() {
      let list = try server.confirmations(for: index)
      var message: ShareReveal?
      let time = try seconds { message = try party.client.reveal(list, as: party.holder.identity) }
      guard let message else { continue }
      if index == 0 {
        cost.unmask += time
        cost.upload += 109 + message.serialized().count
        cost.download += set.serialized().count + list.serialized().count
      }
      try server.receive(message)
    }
    let sum = try server.finish()
    guard sum.allSatisfy({ $0 == Int64(clients) }) else { throw BenchmarkFailure(message: "the sum is wrong") }
    return cost
  }

  static func best(_ times: Int, clients: Int, neighbours: Int?, count: Int, bits: Int) throws -> Cost {
    var found = try measure(clients: clients, neighbours: neighbours, count: count, bits: bits)
    for _ in 1..<times {
      let next = try measure(clients: clients, neighbours: neighbours, count: count, bits: bits)
      found.keys = min(found.keys, next.keys)
      found.shares = min(found.shares, next.shares)
      found.mask = min(found.mask, next.mask)
      found.unmask = min(found.unmask, next.unmask)
    }
    return found
  }

  static func line(_ name: String, _ cost: Cost, count: Int) {
    func milliseconds(_ value: Double) -> String { String(format: "%8.2f", value * 1e3) }
    print(
      name.padding(toLength: 44, withPad: " ", startingAt: 0), milliseconds(cost.keys), milliseconds(cost.shares),
      milliseconds(cost.mask), milliseconds(cost.unmask), milliseconds(cost.total),
      String(format: "%10d %10d %6.2f", cost.upload, cost.download, Double(cost.upload) / Double(4 * count)))
  }

  static func header(_ title: String) {
    print("\n\(title)")
    print(
      "".padding(toLength: 44, withPad: " ", startingAt: 0),
      " keys ms shares ms  mask ms unmask ms total ms    up bytes down bytes  up / float32")
  }

  /// 100,000 parameters of 16 bits from 100 clients: sums of 23 bits in one 32-bit ring.
  static func targets() throws {
    header("100 clients, 100,000 parameters of 16 bits (targets for the mask: 28 ms and 7 ms)")
    for neighbours in [nil, 20] as [Int?] {
      let cost = try best(3, clients: 100, neighbours: neighbours, count: 100_000, bits: 23)
      line(neighbours.map { "ring, \($0) neighbours" } ?? "complete, 99 neighbours", cost, count: 100_000)
    }
  }

  static func growth() throws {
    header("growth with clients, 10,000 parameters")
    var complete: [(Double, Double)] = []
    var ring: [(Double, Double)] = []
    for clients in [16, 32, 64, 128] {
      let one = try best(2, clients: clients, neighbours: nil, count: 10_000, bits: 32)
      line("complete, \(clients) clients", one, count: 10_000)
      complete.append((Double(clients), one.total))
      let rule = try MaskRule.ring(clients: max(64, clients), corrupt: 0, dropped: max(64, clients) / 20)
      let degree = min(rule.neighbours, (clients - 1) / 2 * 2)
      let two = try best(2, clients: clients, neighbours: degree, count: 10_000, bits: 32)
      line("ring, \(clients) clients, \(degree) neighbours", two, count: 10_000)
      ring.append((Double(clients), two.total))
    }
    print(
      String(
        format: "seconds of a client grow as clients^%.2f complete, clients^%.2f on a ring",
        slope(complete), slope(ring)))
    header("growth with parameters, 32 clients")
    var parameters: [(Double, Double)] = []
    for count in [10_000, 100_000, 1_000_000] {
      let cost = try best(2, clients: 32, neighbours: nil, count: count, bits: 32)
      line("complete, \(count) parameters", cost, count: count)
      parameters.append((Double(count), cost.mask))
    }
    print(String(format: "seconds of masking grow as parameters^%.2f", slope(parameters)))
  }

  /// Least squares in logarithms.
  static func slope(_ points: [(Double, Double)]) -> Double {
    let logs = points.map { (log($0.0), log($0.1)) }
    let n = Double(logs.count)
    let (x, y) = (logs.reduce(0) { $0 + $1.0 } / n, logs.reduce(0) { $0 + $1.1 } / n)
    return logs.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) } / logs.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
  }

  /// 1,000 clients on a ring, 300 of whom drop out after they dealt their shares.
  static func dropout() throws {
    let count = 1_000
    let shape = try SumShape(count: count, ringBits: 32, maximumContributors: 1_000, minimumContributors: 500)
    let rule = try MaskRule.ring(clients: 1_000, corrupt: 0, dropped: 300)
    print("\n1,000 clients, 300 lost, \(count) parameters: \(rule.neighbours) neighbours, threshold \(rule.threshold)")
    var sum = PairwiseSum(shape, pairing: .ring(neighbours: rule.neighbours, threshold: rule.threshold))
    try sum.begin(round: 1, cohort: Array(0..<1_000))
    var client = sum.makeClient()
    var server = try sum.makeServer(round: 1)
    for number in 0..<1_000 where number % 10 >= 3 {
      try server.add(client.protect([Int64](repeating: Int64(number), count: count), client: number, round: 1))
    }
    let expected = (0..<1_000).filter { $0 % 10 >= 3 }.reduce(0, +)
    guard try sum.open(server).allSatisfy({ $0 == Int64(expected) }) else {
      throw BenchmarkFailure(message: "the sum is wrong")
    }
    for phase in sum.phases {
      print(
        phase.name.padding(toLength: 16, withPad: " ", startingAt: 0),
        String(format: "%10.3f s %12d bytes up %12d bytes down", phase.seconds, phase.uploadBytes, phase.downloadBytes))
    }
  }
}

struct BenchmarkFailure: Error {
  let message: String
}
