import Paillier
public import SecureAggregation

/// A checked simulation: everything a round needs, none of it able to be invalid.
public struct SimulationPlan: Sendable {
  /// The configuration it was made from.
  public let configuration: SimulationConfiguration
  /// The data.
  public let data: DataSplit
  /// The examples of each client; empty when clients make their own.
  public let clients: [[Int32]]
  /// The clients that make or read their examples when they are drawn, nil when examples were dealt out.
  public let population: (any ClientPopulation)?
  /// The number of clients.
  public let clientCount: Int
  /// What is trained.
  public let model: any FederatedModel
  /// What clients and server compute.
  public let algorithm: FederatedAlgorithm
  /// Passes of local training.
  public let epochs: Int
  /// Examples of a step, 0 for all of a client's.
  public let batchSize: Int
  /// η of the client.
  public let learningRate: Float
  /// Who is asked to take part.
  public let cohort: CohortSampling
  /// Who of them reports, and when.
  let devices: DeviceSchedule
  /// What clients do to send fewer bits, nil for nothing.
  public let compressor: Compressor?
  /// The grid of updates.
  public let quantizer: Quantizer
  /// How updates are rounded after a random rotation, nil when they are not rotated.
  public let rounding: ConditionalRounding?
  /// A bound of the probability that any coordinate of one round's sum wraps around its ring, when the largest cohort
  /// takes part; nil without rotation, where the ring holds the longest sum and twelve deviations of its noise.
  ///
  /// A wrap costs accuracy and no privacy.
  public let wrapProbability: Double?
  /// The grid of single examples' gradients, nil unless the unit of privacy is an example.
  let exampleQuantizer: Quantizer?
  /// Who sees what clients send; nobody unless an audit asks.
  package var updateObserver: (any UpdateObserver)?
  /// Whether an update counts once for every example of its client.
  public let weighsByExamples: Bool
  /// Hostile clients and the rule against them, nil without.
  public let robust: RobustPlan?
  /// How clients train further after the last round, nil for not.
  let fineTuning: FineTuning?
  /// The layers that stay with their client, nil for none.
  let personalLayers: PersonalLayers?
  /// The training examples as attackers see them that poison theirs, nil for none.
  let poisoned: LabeledData?
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
    return roundPrivacy?.placement ?? .central == .central
  }

  /// Checks a configuration, loads its data and deals it out.
  ///
  /// - Throws: ``FederatedError`` naming the key at fault; nothing has been trained or charged then.
  public init(_ configuration: SimulationConfiguration) throws {
    if let population = try DataSource.population(configuration.data, seed: configuration.seed) {
      try self.init(configuration, population: population, test: population.testSet())
      return
    }
    let owner = configuration.partition.kind == "natural" ? configuration.partition.column : nil
    try self.init(
      configuration, data: DataSource.load(configuration.data, owner: owner, seed: configuration.seed))
  }

  /// Checks a configuration against data that is already loaded; its `data` key is not read.
  ///
  /// - Throws: ``FederatedError`` naming the key at fault.
  public init(_ configuration: SimulationConfiguration, data: DataSplit) throws {
    try self.init(configuration, data: data, model: ConfigurationCheck(configuration).model(data.training))
  }

  /// Checks a configuration with a model and data of its caller; its `data` and `model` keys are not read.
  ///
  /// - Throws: ``FederatedError`` naming the key at fault.
  public init(_ configuration: SimulationConfiguration, data: DataSplit, model: any FederatedModel) throws {
    let check = ConfigurationCheck(configuration)
    try check.scalars()
    let clients =
      try configuration.partition.kind == "natural"
      ? Partition.natural(data) : check.partition().deal(data.training, seed: configuration.seed)
    try self.init(check, data, clients, nil, model)
  }

  /// Checks a configuration with clients that make or read their examples when they are drawn; its `data` key is not
  /// read, and `partition` must be left as it is or say `natural`.
  ///
  /// - Parameters:
  ///   - test: what the server evaluates on.
  ///   - model: what is trained; the configuration's unless given.
  /// - Throws: ``FederatedError`` naming the key at fault.
  public init(
    _ configuration: SimulationConfiguration, population: any ClientPopulation, test: LabeledData,
    model: (any FederatedModel)? = nil
  ) throws {
    let check = ConfigurationCheck(configuration)
    try check.scalars()
    guard configuration.partition == PartitionOptions() || configuration.partition.kind == "natural" else {
      throw check.refuse("partition", "does not belong to data that say whose each example is")
    }
    guard population.width == test.width, population.classes == test.classes, population.count > 0 else {
      throw FederatedError(.data, "data", "clients and test set differ in width or classes, or there are no clients")
    }
    guard configuration.robust.kind != "trust" else {
      throw check.refuse("robust.kind", "trust needs examples that are dealt out")
    }
    guard !["label-flip", "scaled", "backdoor"].contains(configuration.attack.kind) else {
      throw check.refuse("attack.kind", "\(configuration.attack.kind) needs examples that are dealt out")
    }
    try self.init(
      check, DataSplit(training: test, test: test), [], population, try model ?? check.model(test))
  }

  private init(
    _ check: ConfigurationCheck, _ data: DataSplit, _ clients: [[Int32]], _ population: (any ClientPopulation)?,
    _ model: any FederatedModel
  ) throws {
    let configuration = check.configuration
    self.configuration = configuration
    self.data = data
    let personal = try check.personalLayers(model, clients, isDealt: population == nil)
    personalLayers = personal?.layers
    let clients = personal?.kept ?? clients
    self.clients = clients
    self.population = population
    clientCount = population?.count ?? clients.count
    self.model = model
    let most = population?.largestCount ?? clients.map(\.count).max() ?? 1
    algorithm = try check.algorithm()
    let local = try check.local()
    (epochs, batchSize, learningRate) = (local.epochs, local.batch, local.rate)
    let wanted = try check.cohort(clientCount)
    (devices, cohort) = try check.devices(wanted, clients: clientCount, epochs: local.epochs)
    compressor = try check.compressor()
    let largest = max(cohort.largestSize(clients: clientCount), algorithm.buffer ?? 0)
    weighsByExamples = try check.weighsByExamples()
    quantizer = try check.quantizer()
    exampleQuantizer = try check.exampleQuantizer()
    aggregation = try check.aggregation(cohort, clientCount)
    robust = try check.robust(quantizer, clients: clientCount)
    fineTuning = try check.fineTuning(model)
    poisoned = robust?.attack?.poisoned(data.training)
    let shared = personalLayers?.shared ?? model.parameterCount
    let minimum = try check.minimumContributors(wanted, clientCount)
    let rounding = try check.rounding(quantizer, parameters: shared)
    self.rounding = rounding
    let values = rounding?.dimension ?? shared * (algorithm.hasSecondSum ? 2 : 1)
    let privacy = try check.privacy(
      exampleQuantizer ?? quantizer, rounding, cohort: cohort, clients: clientCount,
      dimension: rounding?.dimension ?? shared,
      minimum: minimum)
    let weight = weighsByExamples ? most : 1
    guard weight <= 65_535 else {
      throw FederatedError(.configuration, "weighting", "a client holds more than 65535 examples; use uniform")
    }
    self.privacy = privacy
    let ofRound = privacy?.unit == .example ? nil : privacy
    let noise = ofRound.map(\.noiseMargin) ?? 0
    let magnitude = max(quantizer.radius, ofRound?.adaptiveClip?.indicator ?? 0)
    let (product, overflow) = (magnitude * Int64(weight)).multipliedReportingOverflow(by: Int64(largest))
    guard !overflow else { throw FederatedError(.configuration, "quantize.bits", "are too many for this cohort") }
    var bound = product.addingReportingOverflow(noise).partialValue
    if algorithm.countsSteps {
      let steps = epochs * (batchSize == 0 ? 1 : (most + batchSize - 1) / batchSize)
      let (weighted, overflow) = Int64(weight * largest).multipliedReportingOverflow(by: Int64(steps))
      guard !overflow else { throw FederatedError(.configuration, "client.epochs", "are too many for this cohort") }
      bound = max(bound, weighted)
    }
    if let rounding, let privacy {
      let indicators = (privacy.adaptiveClip?.indicator ?? 0) * Int64(largest) + noise
      bound = max(privacy.extent(rounding, clients: largest), privacy.adaptiveClip == nil ? 0 : indicators)
      wrapProbability = privacy.wrapProbability(
        rounding, clients: largest, ringBits: try SumShape.ringBits(holding: bound))
    } else {
      wrapProbability = nil
    }
    shape = try SumShape(
      count: values + (ofRound == nil ? 1 : 0)
        + (ofRound?.adaptiveClip == nil ? 0 : 1) + (algorithm.countsSteps ? 1 : 0),
      ringBits: SumShape.ringBits(holding: bound),
      maximumContributors: max(1, largest), minimumContributors: minimum)
  }

  /// The bytes of a training's contributions had every parameter been sent as an unprotected Float32.
  public func float32Bytes(of result: SimulationResult) -> Int {
    4 * sharedCount * result.rounds.reduce(0) { $0 + $1.contributors }
  }

  /// How many parameters, from the first, clients and server send each other: all but those of personal layers.
  public var sharedCount: Int { personalLayers?.shared ?? model.parameterCount }

  /// Whether a client's update goes to the sum as it is: averaged, neither clipped by its norm nor compressed nor
  /// looked at.
  var sumsPlainUpdates: Bool {
    guard case .averaging = algorithm.rule else { return false }
    return !quantizer.clipsNorm && compressor == nil && personalLayers == nil && !algorithm.hasSecondSum
      && updateObserver == nil
  }

  /// The number of summed coordinates before the counts: of the update, and of the algorithm's second sum.
  var updateCoordinates: Int { rounding?.dimension ?? sharedCount * (algorithm.hasSecondSum ? 2 : 1) }

  /// The quantiser of rotated updates in a round, nil when updates are not rotated.
  func rotated(_ quantizer: Quantizer, round: Int) -> RotatedQuantizer? {
    rounding.map {
      RotatedQuantizer(quantizer, $0, count: sharedCount, seed: configuration.seed, round: round)
    }
  }

  /// The bytes that a client sends in the clear.
  var messageBytes: Int { compressor?.wireBytes(count: sharedCount) ?? (shape.count * shape.ringBits + 7) / 8 }

  /// The privacy of a round's sum; nil without any, and where what clients send is private by itself.
  var roundPrivacy: PrivacyPlan? { privacy?.unit == .client ? privacy : nil }

  /// The steps of a pass over so many examples: a constant where single examples are protected.
  func stepsPerEpoch(examples: Int) -> Int {
    if exampleQuantizer != nil { return max(1, (privacy?.releasesPerRound ?? 1) / epochs) }
    return batchSize == 0 ? 1 : (examples + batchSize - 1) / batchSize
  }

  /// How many examples a client has.
  func size(of client: Int) -> Int { population?.exampleCount(of: client) ?? clients[client].count }

  /// How many examples each of some clients has: many at once, as a cohort may have millions.
  func sizes(of cohort: [Int]) -> [Int] {
    guard let population else { return cohort.map { clients[$0].count } }
    return SimulationPlan.sizes(of: cohort, in: population)
  }

  private static func sizes(of cohort: [Int], in population: some ClientPopulation) -> [Int] {
    cohort.map { population.exampleCount(of: $0) }
  }

  /// The steps of a pass over each of these numbers of examples.
  func stepsPerEpoch(examples sizes: [Int]) -> [Int] {
    guard exampleQuantizer == nil, batchSize > 0 else {
      return [Int](repeating: stepsPerEpoch(examples: 0), count: sizes.count)
    }
    let batch = batchSize
    return sizes.map { ($0 + batch - 1) / batch }
  }

  /// The most examples that any client has.
  var largestSize: Int { population?.largestCount ?? clients.map(\.count).max() ?? 1 }
}
