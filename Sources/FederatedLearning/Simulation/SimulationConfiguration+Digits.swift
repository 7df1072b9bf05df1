public import ExactMath

extension SimulationConfiguration {
  /// A private training on the embedded digits that teaches something: 359 clients of four images each, dealt from
  /// sorted shards so that most hold a single class, every client in every round.
  ///
  /// The unit of privacy is a client. Every client is in every round, so no amplification is claimed and ε comes from
  /// the composition of all rounds under zero-concentrated differential privacy. Each client adds its share of discrete
  /// Gaussian noise before its update is protected.
  ///
  /// - Parameters:
  ///   - epsilon: the ε of the whole training at δ = 1e-4, or nil for no privacy: no clip and no noise.
  ///   - encrypted: whether updates are summed under Paillier encryption with a 2048-bit key.
  ///   - seed: fixes partition and batches.
  public static func digitsDemonstration(
    epsilon: Rational?, encrypted: Bool = false, seed: UInt64 = 1
  ) -> SimulationConfiguration {
    var configuration = SimulationConfiguration(
      data: "digits;features=orientations", model: ModelOptions(kind: "softmax"), rounds: 6)
    configuration.partition = PartitionOptions(kind: "shards", clients: 359, shardsPerClient: 1)
    configuration.algorithm = AlgorithmOptions(kind: "fedavgm", serverLearningRate: 50, momentum: 0.5)
    configuration.client = ClientOptions(epochs: 1, batchSize: 0, learningRate: 0.5)
    configuration.weighting = "uniform"
    configuration.seed = seed
    if let epsilon {
      configuration.quantize = QuantizeOptions(bits: 8)
      configuration.privacy = PrivacyOptions(
        placement: "distributed", clip: ExactNumber(Rational(7, 20)), epsilon: ExactNumber(epsilon),
        delta: ExactNumber(Rational(1, 10_000)))
    } else {
      configuration.quantize = QuantizeOptions(bits: 16, range: 1)
    }
    if encrypted { configuration.aggregation = AggregationOptions(kind: "paillier", keyBits: 2048) }
    return configuration
  }
}
