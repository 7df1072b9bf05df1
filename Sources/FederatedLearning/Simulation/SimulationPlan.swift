import Paillier
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

  /// The number of summed coordinates: the parameters, the algorithm's second sum, the indicator of an adaptive clip,
  /// without privacy the weight, and the weighted steps where they matter.
  var coordinates: Int { shape.count }

  /// Whether contributions are added up without anything done to them one by one.
  var sumsDirectly: Bool {
    guard case .plain = aggregation else { return false }
    return privacy?.placement ?? .central == .central
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
    let magnitude = max(quantizer.radius, privacy?.adaptiveClip?.indicator ?? 0)
    let (product, overflow) = (magnitude * Int64(weight)).multipliedReportingOverflow(by: Int64(largest))
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
        + (privacy?.adaptiveClip == nil ? 0 : 1) + (algorithm.countsSteps ? 1 : 0),
      ringBits: SumShape.ringBits(holding: bound),
      maximumContributors: max(1, largest), minimumContributors: minimum)
  }
}
