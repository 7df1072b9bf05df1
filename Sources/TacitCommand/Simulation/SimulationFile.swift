import FederatedLearning
import TableFormats
import Yams

/// Reads a simulation's configuration.
enum SimulationFile {
  /// Decodes and checks a configuration, and loads its data.
  ///
  /// - Throws: ``CommandFailure`` with one line that names the file and the key.
  static func plan(_ path: String) throws -> SimulationPlan { try plan(configuration(path), named: path) }

  /// Checks a configuration and loads its data.
  static func plan(_ configuration: SimulationConfiguration, named path: String) throws -> SimulationPlan {
    do {
      return try SimulationPlan(configuration)
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }

  /// Decodes a configuration.
  static func configuration(_ path: String) throws -> SimulationConfiguration {
    let text = try Input.readText(path)
    do {
      return try decode(text)
    } catch let error as DecodingError {
      throw CommandFailure("\(path): \(explanation(error))")
    } catch {
      throw CommandFailure("\(path): \(error)")
    }
  }

  /// Decodes YAML, of which JSON is a part.
  static func decode(_ text: String) throws -> SimulationConfiguration {
    try YAMLDecoder().decode(SimulationConfiguration.self, from: text)
  }

  private static func explanation(_ error: DecodingError) -> String {
    let context: DecodingError.Context
    switch error {
    case .dataCorrupted(let found), .typeMismatch(_, let found), .valueNotFound(_, let found),
      .keyNotFound(_, let found):
      context = found
    @unknown default: return "is no simulation"
    }
    if let cause = context.underlyingError as? FederatedError { return "\(cause)" }
    if let cause = context.underlyingError as? YamlError {
      return "is not YAML: \("\(cause)".split(separator: "\n").first.map(String.init) ?? "")"
    }
    let key = context.codingPath.map(\.stringValue).joined(separator: ".")
    return key.isEmpty ? "is no simulation: it must be a mapping of keys" : "\(key): has a value of the wrong form"
  }

  /// A configuration with every key, commented.
  static let example = """
    # A federated simulation: tacit simulate CONFIG.yaml
    # Every key but data, model and rounds may be left out.
    data: "digits"                 # digits;features=orientations, synthetic:ALPHA,BETA, synthetic-iid,
                                   # idx:IMAGES,LABELS[;TEST_IMAGES,TEST_LABELS] or csv:PATH;label=COLUMN
    partition:
      kind: dirichlet              # iid, shards (shards_per_client), dirichlet (alpha, minimum_examples), power-law (exponent),
                                   # log-normal (sigma), natural (column, for csv; synthetic data know their devices)
      clients: 100
      alpha: 0.5
    model:
      kind: mlp                    # softmax, mlp (hidden)
      hidden: [32]
    algorithm:
      kind: fedavg                 # fedsgd, scaffold, fednova, fedprox (mu), fedavgm (momentum), fedadagrad (beta1, tau), fedadam and fedyogi (beta1, beta2, tau)
      server_learning_rate: 1.0
    client:
      epochs: 2
      batch_size: 5                # 0: all of a client's examples at once
      learning_rate: 0.1
    cohort:
      sampling: fixed              # all, poisson (rate), fixed (size), with-replacement (size)
      size: 20
    rounds: 20
    # privacy:                     # leave out for none
    #   unit: client
    #   adjacency: add-remove      # or replace-one
    #   placement: central         # or distributed: every client adds a share
    #   clip: 1.0                  # bound on the L2 norm of an update
    #   noise: discrete-gaussian
    #   epsilon: 8                 # or noise_multiplier: 1.0
    #   delta: 1e-5
    #   noise_source: secure       # simulated: from the seed, for equality tests only
    quantize:
      bits: 24                     # one grid for every aggregation kind
      range: 1.0                   # with privacy leave it out: it is privacy.clip
    weighting: examples            # uniform is the only choice with privacy
    aggregation:
      kind: plain                  # or paillier (key_bits)
      min_contributors: 1
    robust: { kind: none }         # median, trimmed-mean (f), mean-around-median (f), krum (f), multi-krum (f), bulyan (f),
                                   # minimum-diameter (f), geometric-median (iterations), norm-bounding (radius),
                                   # centered-clipping (radius, iterations); preparation: nearest-neighbor-mixing, bucketing
    attack: { kind: none }         # with fraction: sign-flip (scale), label-flip, scaled (scale), gaussian (scale),
                                   # ipm (scale), alie (z), min-max, min-sum, mimic
    dropout: 0.0                   # the share of a cohort that does not report
    evaluation: { every: 1 }
    target_accuracy: null          # stop when reached
    seed: 1                        # fixes everything but secret noise and keys

    """
}
