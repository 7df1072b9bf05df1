import ExactMath
import PrivacyAccounting

/// Turns the words of a configuration into checked parts, key by key.
struct ConfigurationCheck {
  let configuration: SimulationConfiguration

  init(_ configuration: SimulationConfiguration) { self.configuration = configuration }

  func refuse(_ key: String, _ message: String) -> FederatedError { FederatedError(.configuration, key, message) }

  /// A finite number in a range, or an error that says so.
  func number(
    _ value: Double, _ key: String, _ range: String, _ allowed: (Double) -> Bool
  ) throws(FederatedError)
    -> Double
  {
    guard value.isFinite, allowed(value) else { throw refuse(key, "must be \(range)") }
    return value
  }

  func scalars() throws(FederatedError) {
    guard (1...10_000_000).contains(configuration.rounds) else {
      throw refuse("rounds", "must be a whole number from 1 to 10000000")
    }
    _ = try number(configuration.dropout, "dropout", "at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    guard configuration.evaluation.every >= 1 else { throw refuse("evaluation.every", "must be at least 1") }
    if let target = configuration.targetAccuracy {
      _ = try number(target, "target_accuracy", "from 0 to 1") { $0 >= 0 && $0 <= 1 }
    }
  }

  func partition() throws(FederatedError) -> Partition {
    let options = configuration.partition
    guard options.clients >= 1 else { throw refuse("partition.clients", "must be at least 1") }
    guard options.minimumExamples ?? 1 >= 1 else {
      throw refuse(
        "partition.minimum_examples", "must be at least 1: a client without examples has nothing to train on")
    }
    switch options.kind {
    case "shards": return .shards(clients: options.clients, shardsPerClient: options.shardsPerClient ?? 2)
    case "dirichlet":
      let minimum = options.minimumExamples ?? 1
      return .dirichlet(clients: options.clients, alpha: options.alpha ?? 0.5, minimumExamples: minimum)
    case "log-normal": return .logNormal(clients: options.clients, deviation: options.sigma ?? 1)
    case "power-law": return .powerLaw(clients: options.clients, exponent: options.exponent ?? 1)
    default: return .iid(clients: options.clients)
    }
  }

  func model(_ data: LabeledData) throws(FederatedError) -> any FederatedModel {
    let model = configuration.model
    if model.kind == "linear" { return LinearRegression(inputs: data.width) }
    guard data.targets.isEmpty else {
      throw refuse("model.kind", "must be linear for data with numbers to be predicted")
    }
    if model.kind == "cnn" {
      let side = Int(Double(data.width).squareRoot().rounded())
      guard side * side == data.width, side % 4 == 0 else {
        throw refuse("model.kind", "cnn needs square images with a side divisible by four, not \(data.width) features")
      }
      let channels = model.channels ?? [32, 64]
      guard channels.count == 2, channels.allSatisfy({ (1...4096).contains($0) }) else {
        throw refuse("model.channels", "must list two numbers from 1 to 4096, such as [32, 64]")
      }
      let hidden = model.hidden ?? [512]
      guard hidden.count == 1, (1...65_536).contains(hidden[0]) else {
        throw refuse("model.hidden", "must list one width of 1 to 65536 units for cnn, such as [512]")
      }
      return ConvolutionalNetwork(side: side, channels: channels, hidden: hidden[0], classes: data.classes)
    }
    guard model.kind == "mlp" else { return Network(inputs: data.width, classes: data.classes) }
    guard let hidden = model.hidden, !hidden.isEmpty, hidden.count <= 64,
      hidden.allSatisfy({ (1...65_536).contains($0) })
    else { throw refuse("model.hidden", "must list 1 to 64 widths of 1 to 65536 units, such as [200, 200]") }
    return Network(inputs: data.width, hidden: hidden, classes: data.classes)
  }

  func optimizer() throws(FederatedError) -> ServerOptimizer {
    let options = configuration.algorithm
    let rate = try number(options.serverLearningRate ?? 1, "algorithm.server_learning_rate", "a finite number > 0") {
      $0 > 0
    }
    func fraction(_ value: Double?, _ key: String, _ standard: Double) throws(FederatedError) -> Double {
      try number(value ?? standard, "algorithm.\(key)", "at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    }
    switch options.kind {
    case "fedavgm": return .momentum(rate: rate, beta: try fraction(options.momentum, "momentum", 0.9))
    case "fedadagrad", "fedadam", "fedyogi":
      let beta1 = try fraction(options.beta1, "beta1", options.kind == "fedadagrad" ? 0 : 0.9)
      let tau = try number(options.tau ?? 1e-3, "algorithm.tau", "a finite number > 0") { $0 > 0 }
      if options.kind == "fedadagrad" { return .adagrad(rate: rate, beta1: beta1, tau: tau) }
      let beta2 = try fraction(options.beta2, "beta2", 0.99)
      return options.kind == "fedadam"
        ? .adam(rate: rate, beta1: beta1, beta2: beta2, tau: tau)
        : .yogi(rate: rate, beta1: beta1, beta2: beta2, tau: tau)
    default: return .averaging(rate: rate)
    }
  }

  func algorithm() throws(FederatedError) -> FederatedAlgorithm {
    let options = configuration.algorithm
    if options.kind == "fedbuff" { return try buffered() }
    guard ["scaffold", "fednova"].contains(options.kind) else {
      let mu = try options.kind == "fedprox" ? number(options.mu ?? 0.01, "algorithm.mu", "at least 0") { $0 >= 0 } : 0
      return FederatedAlgorithm(.averaging(try optimizer()), proximal: mu)
    }
    let rate = try number(options.serverLearningRate ?? 1, "algorithm.server_learning_rate", "a finite number > 0") {
      $0 > 0
    }
    guard configuration.privacy == nil else {
      throw refuse(
        "algorithm.kind",
        options.kind == "scaffold"
          ? "scaffold may not be used with privacy: its control variates are not protected"
          : "fednova may not be used with privacy: it releases how many steps clients take")
    }
    guard options.kind == "scaffold" else { return FederatedAlgorithm(.normalized(rate: rate)) }
    guard configuration.cohort.sampling != "with-replacement" else {
      throw refuse("cohort.sampling", "with-replacement draws a client twice, which algorithm scaffold refuses")
    }
    return FederatedAlgorithm(.controlled(rate: rate))
  }

  func local() throws(FederatedError) -> (epochs: Int, batch: Int, rate: Float) {
    let options = configuration.client
    guard (1...1_000_000).contains(options.epochs) else { throw refuse("client.epochs", "must be at least 1") }
    guard (0...1_000_000).contains(options.batchSize) else {
      throw refuse("client.batch_size", "must be at least 1, or 0 for all of a client's examples")
    }
    let rate = try number(options.learningRate, "client.learning_rate", "a finite number > 0") { $0 > 0 && $0 < 1e30 }
    // FedSGD is one step over all examples, whatever else is set.
    if configuration.algorithm.kind == "fedsgd" { return (1, 0, Float(rate)) }
    return (options.epochs, options.batchSize, Float(rate))
  }

  func cohort(_ clients: Int) throws(FederatedError) -> CohortSampling {
    let options = configuration.cohort
    switch options.sampling {
    case "poisson":
      guard let rate = options.rate?.value, rate.signum > 0, rate <= 1 else {
        throw refuse("cohort.rate", "must be a number above 0 and at most 1")
      }
      return .poisson(rate: rate)
    case "fixed", "with-replacement":
      guard let size = options.size, size >= 1 else { throw refuse("cohort.size", "must be at least 1") }
      guard size <= clients else {
        throw refuse("cohort.size", "asks for \(size) clients of \(clients)")
      }
      return options.sampling == "fixed" ? .fixed(size: size) : .withReplacement(size: size)
    case "min-separation":
      guard let size = options.size, size >= 1 else { throw refuse("cohort.size", "must be at least 1") }
      guard size <= clients else { throw refuse("cohort.size", "asks for \(size) clients of \(clients)") }
      let most = clients / size
      let separation = options.separation ?? most
      guard (1...most).contains(separation) else {
        throw refuse(
          "cohort.separation", "must be from 1 to \(most), the rounds that cohorts of \(size) of \(clients) last")
      }
      return .separated(size: size, separation: separation)
    default: return .all
    }
  }

  func weighsByExamples() throws(FederatedError) -> Bool {
    let isBuffered = configuration.algorithm.kind == "fedbuff"
    let standard = configuration.privacy == nil && !isBuffered ? "examples" : "uniform"
    switch configuration.weighting ?? standard {
    case "uniform": return false
    case "examples":
      guard !isBuffered else { throw refuse("weighting", "must be uniform with algorithm fedbuff") }
      guard configuration.privacy == nil else {
        throw refuse(
          "weighting", "must be uniform with privacy: the sensitivity would depend on how many examples a client has")
      }
      return true
    default: throw refuse("weighting", "must be examples or uniform")
    }
  }

  func quantizer() throws(FederatedError) -> Quantizer {
    if let privacy = configuration.privacy, privacy.unit != "example" {
      let given = privacy.adaptsClip ? privacy.initialClip?.value ?? Rational(1, 10) : privacy.clip?.value
      guard configuration.quantize.range.map({ !privacy.adaptsClip && $0 == given?.doubleValue }) ?? true else {
        throw refuse("quantize.range", "may not differ from privacy.clip, which it is: leave it out")
      }
      guard let clip = given, clip.signum > 0 else {
        throw refuse(
          privacy.adaptsClip ? "privacy.initial_clip" : "privacy.clip", "must be a number above 0, or adaptive")
      }
      return try Quantizer(bits: configuration.quantize.bits, range: clip.doubleValue, clipsNorm: true)
    }
    return try Quantizer(
      bits: configuration.quantize.bits, range: configuration.quantize.range ?? 1, clipsNorm: false)
  }

  /// The promise that fewer contributors are never opened.
  func minimumContributors(_ cohort: CohortSampling, _ clients: Int) throws(FederatedError) -> Int {
    let most = cohort.largestSize(clients: clients)
    if let given = configuration.aggregation.minContributors {
      guard
        configuration.privacy == nil || configuration.privacy?.placement == "distributed"
          || configuration.aggregation.kind != "plain" || given == 1
      else {
        throw refuse(
          "aggregation.min_contributors", "may not be given with central noise on a plain sum: every round is released")
      }
      guard (1...max(1, most)).contains(given) else {
        throw refuse("aggregation.min_contributors", "must be from 1 to the largest cohort, \(most)")
      }
      return given
    }
    guard configuration.privacy?.placement == "distributed" else {
      return configuration.aggregation.kind == "plain" ? 1 : min(2, max(1, most))
    }
    if case .poisson = cohort {
      throw refuse("aggregation.min_contributors", "must be given when the size of a cohort is random")
    }
    // Twice the expected loss may fail before a round has to be abandoned.
    return max(1, Int((Double(most) * max(0.1, 1 - 2 * configuration.dropout)).rounded(.down)))
  }
}
