/// A simulation as its author writes it: the value behind `CONFIG.yaml`.
///
/// Every key has a default but `data`, `model` and `rounds`. Keys that are not known, and options that do not belong to
/// the chosen kind, are refused by name. ``SimulationPlan`` checks the values.
public struct SimulationConfiguration: Sendable, Hashable {
  /// `digits`, `digits;features=orientations`, `synthetic:ALPHA,BETA`, `idx:…` or `csv:PATH;label=COLUMN`.
  public var data: String
  /// How examples are dealt to clients.
  public var partition = PartitionOptions()
  /// What is trained.
  public var model: ModelOptions
  /// The federated algorithm.
  public var algorithm = AlgorithmOptions()
  /// What a client does with the model it receives.
  public var client = ClientOptions()
  /// Who takes part in a round.
  public var cohort = CohortOptions()
  /// How many rounds.
  public var rounds: Int
  /// The privacy of the training, none when absent.
  public var privacy: PrivacyOptions?
  /// The grid of updates.
  public var quantize = QuantizeOptions()
  /// `examples` or `uniform`; with privacy only `uniform`.
  public var weighting: String?
  /// What clients do to send fewer bits.
  public var compression = CompressionOptions()
  /// How updates are summed.
  public var aggregation = AggregationOptions()
  /// How updates are combined when some may be hostile.
  public var robust = RobustOptions()
  /// What hostile clients do.
  public var attack = AttackOptions()
  /// What clients make of the trained model for themselves.
  public var personalization = PersonalizationOptions()
  /// Who is slow, who stops early, how long a round waits.
  public var devices = DeviceOptions()
  /// The share of a cohort that fails to report, from 0 up to but not including 1.
  public var dropout = 0.0
  /// When the model is measured on the test set.
  public var evaluation = EvaluationOptions()
  /// Stop when this accuracy is reached.
  public var targetAccuracy: Double?
  /// Fixes data, partition, initial weights, cohorts, batches and dropouts.
  public var seed: UInt64 = 1

  /// A configuration of the required parts.
  public init(data: String, model: ModelOptions, rounds: Int) {
    self.data = data
    self.model = model
    self.rounds = rounds
  }
}

extension SimulationConfiguration: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case data, partition, model, algorithm, client, cohort, rounds, privacy, quantize, weighting, compression,
      aggregation
    case robust, attack, personalization, devices, dropout, evaluation, seed
    case targetAccuracy = "target_accuracy"
  }

  /// Reads a document strictly: unknown keys and options that do not belong are errors.
  public init(from decoder: any Decoder) throws {
    let outline = try KeyOutline(from: decoder)
    try outline.refuseUnknown(CodingKeys.allCases.map(\.stringValue), path: "")
    for key in ["data", "model", "rounds"] where outline[key] == nil {
      throw FederatedError(.configuration, key, "is required")
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ type: Value.Type, _ key: CodingKeys) throws -> Value? {
      do {
        return try container.decodeIfPresent(type, forKey: key)
      } catch let error as DecodingError {
        throw SimulationConfiguration.explain(error, key.stringValue)
      }
    }
    func section<Value: OptionSection>(_ type: Value.Type, _ key: CodingKeys) throws -> Value? {
      guard let value = try read(type, key) else { return nil }
      if let below = outline[key.stringValue] { try value.check(below, path: key.stringValue) }
      return value
    }
    data = try read(String.self, .data) ?? ""
    model = try section(ModelOptions.self, .model) ?? ModelOptions()
    rounds = try read(Int.self, .rounds) ?? 0
    partition = try section(PartitionOptions.self, .partition) ?? partition
    algorithm = try section(AlgorithmOptions.self, .algorithm) ?? algorithm
    client = try section(ClientOptions.self, .client) ?? client
    cohort = try section(CohortOptions.self, .cohort) ?? cohort
    // The word says what leaving the key out does.
    if (try? container.decode(String.self, forKey: .privacy)) != "none" {
      privacy = try section(PrivacyOptions.self, .privacy)
    }
    if let ledger = privacy?.ledger, let below = outline["privacy"]?["ledger"] {
      try ledger.check(below, path: "privacy.ledger")
    }
    quantize = try section(QuantizeOptions.self, .quantize) ?? quantize
    weighting = try read(String.self, .weighting)
    compression = try section(CompressionOptions.self, .compression) ?? compression
    aggregation = try section(AggregationOptions.self, .aggregation) ?? aggregation
    robust = try section(RobustOptions.self, .robust) ?? robust
    attack = try section(AttackOptions.self, .attack) ?? attack
    personalization = try section(PersonalizationOptions.self, .personalization) ?? personalization
    devices = try section(DeviceOptions.self, .devices) ?? devices
    dropout = try read(Double.self, .dropout) ?? dropout
    evaluation = try section(EvaluationOptions.self, .evaluation) ?? evaluation
    targetAccuracy = try read(Double.self, .targetAccuracy)
    seed = try read(UInt64.self, .seed) ?? seed
  }

  /// Writes all keys that have a value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(data, forKey: .data)
    try container.encode(partition, forKey: .partition)
    try container.encode(model, forKey: .model)
    try container.encode(algorithm, forKey: .algorithm)
    try container.encode(client, forKey: .client)
    try container.encode(cohort, forKey: .cohort)
    try container.encode(rounds, forKey: .rounds)
    try container.encodeIfPresent(privacy, forKey: .privacy)
    try container.encode(quantize, forKey: .quantize)
    try container.encodeIfPresent(weighting, forKey: .weighting)
    try container.encode(compression, forKey: .compression)
    try container.encode(aggregation, forKey: .aggregation)
    try container.encode(robust, forKey: .robust)
    try container.encode(attack, forKey: .attack)
    try container.encode(personalization, forKey: .personalization)
    try container.encode(devices, forKey: .devices)
    try container.encode(dropout, forKey: .dropout)
    try container.encode(evaluation, forKey: .evaluation)
    try container.encodeIfPresent(targetAccuracy, forKey: .targetAccuracy)
    try container.encode(seed, forKey: .seed)
  }

  /// One line that names the key at fault and what was expected of it.
  private static func explain(_ error: DecodingError, _ key: String) -> any Error {
    func path(_ context: DecodingError.Context) -> String {
      let names = context.codingPath.map(\.stringValue)
      return names.isEmpty ? key : names.joined(separator: ".")
    }
    switch error {
    case .dataCorrupted(let context):
      return context.underlyingError as? FederatedError
        ?? FederatedError(.configuration, path(context), "has a value of the wrong form")
    case .typeMismatch(let type, let context):
      return FederatedError(.configuration, path(context), "must be a value of type \(type)")
    case .valueNotFound(_, let context): return FederatedError(.configuration, path(context), "must have a value")
    case .keyNotFound(let missing, let context):
      return FederatedError(.configuration, "\(path(context)).\(missing.stringValue)", "is required")
    @unknown default: return error
    }
  }
}
