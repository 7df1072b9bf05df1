import Paillier
public import PrivacyAccounting
public import SecureAggregation

/// A checked simulation: everything a round needs, none of it able to be invalid.
public struct SimulationPlan: Sendable {
  /// The configuration it was made from.
  public let configuration: SimulationConfiguration
  /// The data.
  public let data: DataSplit
  /// The examples of each client.
  public let clients: [[Int32]]
  /// What is trained.
  public let network: Network
  /// What clients and server compute.
  public let algorithm: FederatedAlgorithm
  /// Passes of local training.
  public let epochs: Int
  /// Examples of a step, 0 for all of a client's.
  public let batchSize: Int
  /// η of the client.
  public let learningRate: Float
  /// Who takes part.
  public let cohort: CohortSampling
  /// The grid of updates.
  public let quantizer: Quantizer
  /// Whether an update counts once for every example of its client.
  public let weighsByExamples: Bool
  /// Hostile clients and the rule against them, nil without.
  public let robust: RobustPlan?
  /// The training examples with labels y → C − 1 − y, for attackers that flip them.
  let flipped: LabeledData?
  /// What is charged for, nil without privacy.
  public let privacy: PrivacyPlan?
  /// The sum of a round.
  public let shape: SumShape
  /// How updates are summed.
  public let aggregation: AggregationPlan

  /// Bits of the Paillier modulus, nil for sums without one.
  public var keyBits: Int? { aggregation.keyBits }

  /// How many ciphertexts carry one client's contribution and how many numbers share one; nil for plain sums.
  public var packing: (ciphertexts: Int, slots: Int)? {
    guard let keyBits,
      let plan = try? SlotPlan(
        valueBits: shape.ringBits, maxSummands: shape.maximumContributors, maxWeight: 1, signed: true, checksum: true,
        keyBits: keyBits)
    else { return nil }
    return (plan.ciphertextCount(forValues: shape.count), plan.valuesPerCiphertext)
  }

  /// The number of summed coordinates: the parameters, the algorithm's second sum, without privacy the weight, and
  /// the weighted steps where they matter.
  var coordinates: Int { shape.count }

  /// Whether contributions are added up without anything done to them one by one.
  var sumsDirectly: Bool {
    guard case .plain = aggregation else { return false }
    return privacy?.placement != .distributed
  }

  /// Checks a configuration, loads its data and deals it out.
  ///
  /// - Throws: ``FederatedError`` naming the key at fault; nothing has been trained or charged then.
  public init(_ configuration: SimulationConfiguration) throws {
    let owner = configuration.partition.kind == "natural" ? configuration.partition.column : nil
    try self.init(
      configuration, data: DataSource.load(configuration.data, owner: owner, seed: configuration.seed))
  }

  /// Checks a configuration against data that is already loaded; its `data` key is not read.
  ///
  /// - Throws: ``FederatedError`` naming the key at fault.
  public init(_ configuration: SimulationConfiguration, data: DataSplit) throws {
    let check = ConfigurationCheck(configuration)
    self.configuration = configuration
    self.data = data
    try check.scalars()
    clients =
      try configuration.partition.kind == "natural"
      ? Partition.natural(data) : check.partition().deal(data.training, seed: configuration.seed)
    network = try check.network(data.training)
    algorithm = try check.algorithm()
    let local = try check.local()
    (epochs, batchSize, learningRate) = (local.epochs, local.batch, local.rate)
    cohort = try check.cohort(clients.count)
    let largest = cohort.largestSize(clients: clients.count)
    weighsByExamples = try check.weighsByExamples()
    quantizer = try check.quantizer()
    aggregation = try check.aggregation(cohort, clients.count)
    robust = try check.robust(quantizer, clients: clients.count)
    flipped = robust?.attack?.flipsLabels == true ? data.training.withFlippedLabels : nil
    let minimum = try check.minimumContributors(cohort, clients.count)
    privacy = try check.privacy(
      quantizer, cohort: cohort, clients: clients.count, dimension: network.parameterCount, minimum: minimum)
    let weight = weighsByExamples ? clients.map(\.count).max() ?? 1 : 1
    guard weight <= 65_535 else {
      throw FederatedError(.configuration, "weighting", "a client holds more than 65535 examples; use uniform")
    }
    let noise = privacy.map(\.noiseMargin) ?? 0
    let (product, overflow) = (quantizer.radius * Int64(weight)).multipliedReportingOverflow(by: Int64(largest))
    guard !overflow else { throw FederatedError(.configuration, "quantize.bits", "are too many for this cohort") }
    var bound = product.addingReportingOverflow(noise).partialValue
    if algorithm.countsSteps {
      let most = clients.map(\.count).max() ?? 1
      let steps = epochs * (batchSize == 0 ? 1 : (most + batchSize - 1) / batchSize)
      let (weighted, overflow) = Int64(weight * largest).multipliedReportingOverflow(by: Int64(steps))
      guard !overflow else { throw FederatedError(.configuration, "client.epochs", "are too many for this cohort") }
      bound = max(bound, weighted)
    }
    shape = try SumShape(
      count: network.parameterCount * (algorithm.hasSecondSum ? 2 : 1) + (privacy == nil ? 1 : 0)
        + (algorithm.countsSteps ? 1 : 0), ringBits: SumShape.ringBits(holding: bound),
      maximumContributors: max(1, largest), minimumContributors: minimum)
  }
}

/// What a private training does each round and claims in the end.
public struct PrivacyPlan: Sendable {
  /// The law of the noise.
  public enum Noise: String, Sendable, Hashable {
    /// Discrete Gaussian.
    case discreteGaussian = "discrete-gaussian"
    /// Skellam, whose sums are Skellam.
    case skellam
  }

  /// Who adds the noise.
  public enum Placement: String, Sendable, Hashable {
    /// The server, after the sum.
    case central
    /// Every client, before its contribution is protected.
    case distributed
  }

  /// Who adds the noise.
  public let placement: Placement
  /// Which pairs of client sets are compared.
  public let adjacency: Adjacency
  /// δ.
  public let delta: Delta
  /// The law of the noise.
  public let noise: Noise
  /// σ² of one draw in squared grid steps: of the whole noise when central, of a client's share when distributed.
  public let variance: NoiseScale
  /// The clients whose shares are promised; 1 when central.
  public let promisedClients: Int
  /// What one round is charged as.
  public let roundEvent: PrivacyEvent
  /// Whether noise comes from the seed; then no ε may be claimed.
  public let isSimulated: Bool

  /// Twelve standard deviations of the largest possible noise: the sum leaves its ring with probability below 1e-32
  /// a coordinate.
  let noiseMargin: Int64

  /// All events of a training of that many rounds.
  public func event(rounds: Int) throws -> PrivacyEvent { try .repeated(roundEvent, count: rounds) }
}
