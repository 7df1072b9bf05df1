import Crypto
import ExactMath
import Paillier
public import PrivacyAccounting
import SecureAggregation
import SecureRandom

/// The coordinator: it owns the global model, draws cohorts, has simulated clients train, and applies their sum.
///
/// Client work is spread over threads and everything that is added up across clients is an integer, so one thread,
/// eight threads and any order of clients give identical models. Randomness of the simulation is a pure function of
/// the seed, the round and the client.
///
/// ```swift
/// var configuration = SimulationConfiguration(data: "digits", model: .init(kind: "softmax"), rounds: 20)
/// configuration.partition = .init(kind: "dirichlet", clients: 50, alpha: 0.3)
/// var simulation = try Simulation(SimulationPlan(configuration))
/// let result = try simulation.run { print($0.round, $0.accuracy ?? 0) }
/// ```
public struct Simulation: ~Copyable {
  /// What is simulated.
  public let plan: SimulationPlan
  /// The global model.
  public internal(set) var parameters: [Float]
  /// Rounds done so far.
  public private(set) var round = 0
  /// Whether it goes on from a checkpoint.
  private(set) var isResumed = false
  /// How many threads train clients.
  public let threads: Int
  /// Whether every opened sum is compared with the sum in the clear, which only a simulation can know.
  public let comparesSums: Bool
  /// The processes that share the work; one by itself unless given.
  let ranks: any Collective

  var state: FederatedAlgorithm.State<Float>
  /// What clients keep between their participations.
  var memories: [Int: [Float]] = [:]
  /// The last robust aggregate in grid steps.
  var previousAggregate: [Double] = []
  /// Who is training, for a server that waits for nobody; nil before its first step.
  var buffered: BufferedSchedule?
  /// The clip of the next round; the plan's unless it adapts.
  public internal(set) var clip: Double
  /// The nodes of a tree's noise, nil when rounds have noise of their own.
  let treeNoise: TreeNoise?
  /// The noise that banded rounds still owe, nil when rounds have noise of their own.
  let bandedNoise: BandedNoise?
  /// The noise of clients' steps, nil unless the unit of privacy is an example.
  let stepNoise: NoiseShare?
  let workers: [ClientWorker]
  /// The records of the rounds done.
  private var records: [RoundRecord] = []
  private let accountant = AutomaticAccountant()

  /// A simulation before its first round.
  ///
  /// - Parameters:
  ///   - plan: what is simulated.
  ///   - threads: how many threads train clients; never changes a result.
  ///   - comparesSums: whether every opened sum is compared with the sum in the clear; a difference is an error.
  ///   - ranks: the processes that run this simulation together; their number never changes a result.
  /// - Precondition: `threads` is positive.
  public init(
    _ plan: SimulationPlan, threads: Int = 2, comparesSums: Bool = false, ranks: any Collective = LocalCollective()
  ) {
    precondition(threads > 0, "at least one thread")
    self.plan = plan
    self.threads = threads
    self.comparesSums = comparesSums
    self.ranks = ranks
    var generator = SimulationGenerator(seed: plan.configuration.seed, stream: "weights")
    parameters = plan.model.initialParameters(&generator)
    state = plan.algorithm.initial(count: plan.sharedCount)
    clip = plan.quantizer.range
    treeNoise = if case .tree(let rounds)? = plan.privacy?.participation { TreeNoise(rounds: rounds) } else { nil }
    bandedNoise = plan.privacy?.factorization.map { BandedNoise($0) }
    stepNoise =
      plan.exampleQuantizer == nil
      ? nil : plan.privacy.flatMap { try? NoiseShare($0, seed: plan.configuration.seed) }
    workers = (0..<threads).map { _ in ClientWorker(plan) }
  }

  /// The last round that will be trained: the rounds asked for, or fewer when the privacy of more cannot be paid.
  public var lastRound: Int { min(plan.configuration.rounds, plan.privacy?.affordableRounds ?? .max) }

  /// Runs all rounds, or as many as `max_epsilon` allows.
  ///
  /// - Parameters:
  ///   - authority: charged for the whole training before the first round; nil charges nobody. A run that goes on from
  ///     a checkpoint in `folder` is charged only for rounds that were not charged before, and for those that somebody
  ///     may have seen and that are drawn again.
  ///   - folder: where checkpoints go; nil writes none. Stopping writes one, too.
  ///   - callbacks: called after every round with the model; any of them may end the training.
  ///   - onRound: called after every round; return false to stop.
  /// With several ranks all of them call this with the same plan; rank 0 alone charges, writes and asks `onRound` and
  /// `callbacks` whether to go on.
  ///
  /// - Throws: what a protocol refuses; `BudgetRefusal` when the charge does not fit.
  public mutating func run(
    charging authority: (any BudgetAuthority)? = nil, checkpoints folder: CheckpointFolder? = nil,
    callbacks: [any RoundCallback] = [], onRound: (RoundRecord) throws -> Bool = { _ in true }
  ) throws -> SimulationResult {
    do {
      // Only one of several ranks writes, charges and decides.
      return try runLeading(ranks.leads ? authority : nil, ranks.leads ? folder : nil, callbacks, onRound)
    } catch {
      ranks.abandon()
      throw error
    }
  }

  private mutating func runLeading(
    _ authority: (any BudgetAuthority)?, _ folder: CheckpointFolder?, _ callbacks: [any RoundCallback],
    _ onRound: (RoundRecord) throws -> Bool
  ) throws -> SimulationResult {
    guard folder == nil || treeNoise == nil && bandedNoise == nil || plan.privacy?.isSimulated == true else {
      throw FederatedError(
        .checkpoint, "checkpoint",
        "may not be used with privacy.mechanism tree or banded: their noise is secret and never written")
    }
    let paid = try charge(authority, folder)
    switch plan.aggregation {
    case .plain:
      var sum = PlainSum(insecurelyShaped: plan.shape)
      return try run(&sum, folder, paid, callbacks, onRound)
    case .paillier(let bits):
      var sum = try PaillierSum(plan.shape, key: .generate(KeySize(bits: bits)), variableTime: true)
      return try run(&sum, folder, paid, callbacks, onRound)
    case .thresholdPaillier(let bits, let threshold, let parties):
      let dealing = try ThresholdDealing.generate(KeySize(bits: bits), threshold: threshold, parties: parties)
      var sum = try ThresholdPaillierSum(plan.shape, dealing: dealing, variableTime: true, threads: threads)
      return try run(&sum, folder, paid, callbacks, onRound)
    case .pairwise(let pairing):
      var sum = PairwiseSum(plan.shape, pairing: pairing, threads: threads)
      return try run(&sum, folder, paid, callbacks, onRound)
    }
  }

  private mutating func run<Sum: SecureSum & ~Copyable>(
    _ sum: inout Sum, _ folder: CheckpointFolder?, _ charge: ChargeRecord?, _ callbacks: [any RoundCallback],
    _ onRound: (RoundRecord) throws -> Bool
  ) throws -> SimulationResult {
    var charge = charge
    let clock = ContinuousClock()
    let start = clock.now
    let noise = try plan.roundPrivacy.map { try NoiseShare($0, seed: plan.configuration.seed) }
    var certified: (bounds: Bounds, accountant: String)?
    let total = lastRound
    var isStopped = false
    let every = try agree(every: folder?.every ?? 0)
    while round < total {
      let began = clock.now
      round += 1
      let used = plan.roundPrivacy.map { _ in clip }
      var record = try performRound(&sum, noise)
      record.clip = used
      record.seconds = (clock.now - began).seconds
      let measured = clock.now
      if round == total || round % plan.configuration.evaluation.every == 0 {
        if let privacy = plan.privacy {
          certified = try certify(privacy)
          record.epsilon = certified?.bounds
        }
        (record.testLoss, record.accuracy, record.attackSuccess) = try measure()
      }
      record.evaluationSeconds = (clock.now - measured).seconds
      records.append(record)
      let isReached = plan.configuration.targetAccuracy.map { record.accuracy ?? -1 >= $0 } ?? false
      // What may be seen from here on is written down first, so that it is not drawn again unnoticed.
      let isDue = every > 0 && (round % every == 0 || round == total || isReached)
      if isDue { try write(to: folder) }
      charge?.shown = round
      if let folder, let charge { try folder.write(charge) }
      var goOn = true
      if ranks.leads {
        goOn = try onRound(record)
        isStopped = !goOn
        for callback in callbacks { goOn = try callback.afterRound(record, parameters: parameters) && goOn }
      }
      if ranks.size > 1 { (goOn, isStopped) = try agree(goOn: goOn, isStopped: isStopped) }
      if every > 0, !isDue, !goOn { try write(to: folder) }
      if isReached || !goOn { break }
    }
    // The last round may have come between two evaluations.
    if let privacy = plan.privacy, round > 0, records.last?.epsilon == nil {
      certified = try certify(privacy)
    }
    return SimulationResult(
      rounds: records, parameters: parameters, weightsSHA256: Simulation.digest(parameters),
      event: round == 0 ? nil : try plan.privacy.map { try $0.event(rounds: round) }, epsilon: certified?.bounds,
      accountant: certified?.accountant, noiseIsSimulated: plan.privacy?.isSimulated ?? false,
      phases: sum.phases,
      personalization: isStopped && round < total ? nil : try personalize(),
      seconds: (clock.now - start).seconds)
  }

  /// The tightest bounds on the ε of the rounds done.
  private func certify(_ privacy: PrivacyPlan) throws -> (bounds: Bounds, accountant: String) {
    let found = try accountant.bestEpsilon(
      of: privacy.event(rounds: round), delta: privacy.delta, adjacency: privacy.adjacency)
    // Calibration certified δ at the target itself, so the target bounds all rounds, and any number of them, from above;
    // accountants that search for ε at δ may end a rounding above it.
    guard let target = privacy.target?.value.doubleRoundedUp, target < found.bounds.upper else { return found }
    return (Bounds(lower: found.bounds.lower.map { min($0, target) }, upper: target), found.accountant)
  }

  /// The grid of this round's updates.
  var quantizer: Quantizer { clip == plan.quantizer.range ? plan.quantizer : plan.quantizer.over(clip) }

  /// The simulation between two rounds.
  ///
  /// Of several ranks each has what its own clients keep.
  public func checkpoint() throws -> Checkpoint { try checkpoint(memories) }

  /// The same with what all clients keep.
  func checkpoint(_ memories: [Int: [Float]]) throws -> Checkpoint {
    try Checkpoint(
      plan, records: records, parameters: parameters, state: state, memories: memories,
      previousAggregate: previousAggregate, clip: clip)
  }

  /// Goes on from a checkpoint of the same plan: what follows is what an uninterrupted run would have done, bit for bit.
  public mutating func resume(from checkpoint: Checkpoint) {
    round = checkpoint.round
    isResumed = true
    records = checkpoint.records
    parameters = checkpoint.parameters
    state = checkpoint.state
    memories = checkpoint.memories
    keepOwnMemories()
    previousAggregate = checkpoint.header.previousAggregate
    clip = checkpoint.header.clip
    buffered = nil
  }

  /// Starts from given parameters instead of drawn ones.
  ///
  /// - Throws: ``FederatedError`` when their number is not the model's or a round was done already.
  public mutating func start(from parameters: [Float]) throws(FederatedError) {
    guard round == 0, parameters.count == plan.model.parameterCount else {
      throw FederatedError(
        .checkpoint, "model", "has \(parameters.count) parameters, not \(plan.model.parameterCount)")
    }
    self.parameters = parameters
  }

  /// Applies the means of a round's sums.
  mutating func apply(_ sum: [Int64], divisor: Double, contributors: Int) {
    guard divisor > 0 else { return }
    let count = plan.sharedCount
    let step = quantizer.step
    func mean(_ range: Range<Int>, _ divisor: Double) -> [Float] {
      let scale = step / divisor
      var result = [Float](repeating: 0, count: range.count)
      let from = sum.span.extracting(range)
      var to = result.mutableSpan
      for index in to.indices { to[index] = Float(Double(from[index]) * scale) }
      return result
    }
    let second = plan.algorithm.hasSecondSum ? mean(count..<2 * count, Double(max(1, contributors))) : nil
    let steps = plan.algorithm.countsSteps ? Double(sum[sum.count - 1]) / divisor : 0
    let unrotated = plan.rotated(quantizer, round: round).map { rotated in
      rotated.unrotate(sum).map { Float($0 * (step / divisor)) }
    }
    let means = FederatedAlgorithm.RoundMeans(
      update: unrotated ?? mean(0..<count, divisor), second: second, steps: Float(steps),
      participation: Float(Double(contributors) / Double(plan.clientCount)), rate: plan.learningRate)
    applyToShared(means)
  }

  /// The server's step on the parameters that are shared.
  mutating func applyToShared(_ means: FederatedAlgorithm.RoundMeans<Float>) {
    guard plan.sharedCount < parameters.count else {
      return plan.algorithm.serverUpdate(means, parameters: &parameters, state: &state)
    }
    var shared = Array(parameters.prefix(plan.sharedCount))
    plan.algorithm.serverUpdate(means, parameters: &shared, state: &state)
    parameters.replaceSubrange(..<plan.sharedCount, with: shared)
  }

  /// SHA-256 of parameters as little-endian Float32, in lower-case hexadecimal.
  public static func digest(_ parameters: [Float]) -> String {
    var hash = SHA256()
    let words = parameters.map { $0.bitPattern.littleEndian }
    unsafe words.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
    return hash.finalize().map { byte in
      let digits = Array("0123456789abcdef")
      return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }.joined()
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
