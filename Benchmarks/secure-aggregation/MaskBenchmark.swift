import BenchmarkSupport
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
    let began = BenchmarkClock.thread()
    try body()
    return BenchmarkClock.thread() - began
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

  /// Measures a client of a round several times; a row for each phase and one for all of them.
  @discardableResult
  static func report(
    _ name: String, _ benchmark: Benchmark, times: Int, clients: Int, neighbours: Int?, count: Int, bits: Int,
    maskTarget: Double? = nil
  ) throws -> [BenchmarkRow] {
    guard benchmark.wants(name) else { return [] }
    let costs = try (0..<benchmark.repetitions(times)).map { _ in
      try measure(clients: clients, neighbours: neighbours, count: count, bits: bits)
    }
    let phases: [(String, (Cost) -> Double)] = [
      ("keys", { $0.keys }), ("shares", { $0.shares }), ("mask", { $0.mask }), ("unmask", { $0.unmask }),
      ("all", { $0.total }),
    ]
    return phases.map { phase, time in
      var row = BenchmarkRow(
        "\(name): \(phase)", size: count, unit: "parameters", times: costs.map(time),
        bytes: phase == "all" ? costs[0].upload : nil, target: phase == "mask" ? maskTarget : nil)
      if phase == "all" {
        let share = (Double(costs[0].upload) / Double(4 * count) * 100).rounded() / 100
        row.note = "\(costs[0].upload) bytes up, \(share) times float32; \(costs[0].download) down"
      }
      benchmark.add(row)
      return row
    }
  }

  /// 100,000 parameters of 16 bits from 100 clients: sums of 23 bits in one 32-bit ring.
  static func targets(_ benchmark: Benchmark) throws {
    for (neighbours, target) in [(nil, 0.028), (20, 0.007)] as [(Int?, Double)] {
      let name = neighbours.map { "100 clients, ring, \($0) neighbours" } ?? "100 clients, complete, 99 neighbours"
      try report(
        name, benchmark, times: 3, clients: 100, neighbours: neighbours, count: 100_000, bits: 23, maskTarget: target)
    }
  }

  /// How a client's time grows with clients and with parameters.
  static func growth(_ benchmark: Benchmark) throws {
    var complete: [BenchmarkRow] = []
    var ring: [BenchmarkRow] = []
    for clients in benchmark.isQuick ? [16, 32] : [16, 32, 64, 128] {
      let one = try report(
        "growth, complete, \(clients) clients", benchmark, times: 2, clients: clients, neighbours: nil, count: 10_000,
        bits: 32)
      if var last = one.last {
        last.size = clients
        complete.append(last)
      }
      let rule = try MaskRule.ring(clients: max(64, clients), corrupt: 0, dropped: max(64, clients) / 20)
      let degree = min(rule.neighbours, (clients - 1) / 2 * 2)
      let two = try report(
        "growth, ring, \(clients) clients, \(degree) neighbours", benchmark, times: 2, clients: clients,
        neighbours: degree, count: 10_000, bits: 32)
      if var last = two.last {
        last.size = clients
        ring.append(last)
      }
    }
    benchmark.fit("a client with the number of clients, complete", complete)
    benchmark.fit("a client with the number of clients, ring", ring)
    var parameters: [BenchmarkRow] = []
    for count in benchmark.isQuick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000] {
      let rows = try report(
        "growth, complete, 32 clients, \(count) parameters", benchmark, times: 2, clients: 32, neighbours: nil,
        count: count, bits: 32)
      if rows.count > 2 { parameters.append(rows[2]) }
    }
    benchmark.fit("masking with the number of parameters", parameters)
  }

  /// 1,000 clients on a ring, 300 of whom drop out after they dealt their shares.
  static func dropout(_ benchmark: Benchmark) throws {
    let count = 1_000
    let shape = try SumShape(count: count, ringBits: 32, maximumContributors: 1_000, minimumContributors: 500)
    let rule = try MaskRule.ring(clients: 1_000, corrupt: 0, dropped: 300)
    benchmark.note("1,000 clients, 300 lost: \(rule.neighbours) neighbours, threshold \(rule.threshold)")
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
      benchmark.add(
        BenchmarkRow(
          "1,000 clients, 300 lost: \(phase.name)", size: count, unit: "parameters", times: [phase.seconds],
          clock: "wall",
          bytes: phase.uploadBytes, note: "\(phase.downloadBytes) bytes down"))
    }
  }
}

struct BenchmarkFailure: Error {
  let message: String
}
