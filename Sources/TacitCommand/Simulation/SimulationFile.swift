import FederatedLearning
import PrivacyAccounting
import PrivacyLedger
import TableFormats
import TacitVerbs
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

  /// The budget that `privacy.ledger` names, nil without one.
  static func authority(_ plan: SimulationPlan, _ capability: String?) throws -> (any BudgetAuthority)? {
    guard let ledger = plan.configuration.privacy?.ledger, let privacy = plan.privacy else {
      guard capability == nil else { throw CommandFailure("--capability needs privacy.ledger") }
      return nil
    }
    do {
      return try LedgerBudget(
        ledger.budget, of: LedgerFile.open(ledger.file, capability), unit: privacy.unit.rawValue,
        adjacency: privacy.adjacency)
    } catch let error as LedgerError {
      throw CommandFailure("\(ledger.file): \(error)")
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
                                   # idx:IMAGES,LABELS[;TEST_IMAGES,TEST_LABELS], csv:PATH;label=COLUMN, csv:PATH;target=COLUMN or
                                   # synthetic:ALPHA,BETA;clients=N;examples=M: clients made as they are drawn
    partition:
      kind: dirichlet              # iid, shards (shards_per_client), dirichlet (alpha, minimum_examples), power-law (exponent),
                                   # log-normal (sigma), natural (column, for csv; synthetic data know their devices)
      clients: 100
      alpha: 0.5
    model:
      kind: mlp                    # softmax, mlp (hidden), cnn (channels, hidden; square images), linear (csv with target)
      hidden: [32]
    algorithm:
      kind: fedavg                 # fedsgd, scaffold, fednova, fedprox (mu), fedavgm (momentum), fedadagrad (beta1, tau), fedadam and fedyogi (beta1, beta2, tau),
                                   # fedbuff (buffer): nobody waits, cohort.size train at a time
      server_learning_rate: 1.0
    client:
      epochs: 2
      batch_size: 5                # 0: all of a client's examples at once
      learning_rate: 0.1
    # batch_rate: 0.1              # with privacy.unit example; batch_size is then what a step's sum is divided by
    cohort:
      sampling: fixed              # all, poisson (rate), fixed (size), with-replacement (size), min-separation (size, separation)
      size: 20
    rounds: 20
    # privacy:                     # leave out for none
    #   unit: client               # or example: every step of a client takes examples with client.batch_rate and adds noise
    #   adjacency: add-remove      # or replace-one
    #   placement: central         # distributed: every client adds a share; local: every client adds all of its own
    #   clip: 1.0                  # bound on the L2 norm of an update; adaptive follows a quantile of the norms
    #                              # (initial_clip, target_quantile, clip_learning_rate, count_noise)
    #   noise: gaussian            # discrete-gaussian or skellam; distributed needs one of these
    #   mechanism: independent     # noise of running sums, with min-separation: tree (restart) or banded (bands)
    #   epsilon: 8                 # or noise_multiplier: 1.0, with max_epsilon to end before it is passed
    #   delta: 1e-5
    #   ledger: { file: L.db, budget: NAME }   # charged before the first round
    #   colluding: 0               # of min_contributors, whose noise is not counted on (placement distributed)
    #   noise_source: secure       # simulated: from the seed, for equality tests only
    quantize:
      bits: 24                     # one grid for every aggregation kind
      range: 1.0                   # with privacy it is privacy.clip
      # rotation: hadamard         # or none; only with privacy.placement distributed, and there unless given
    compression: { kind: none }    # top-k (fraction), stochastic (bits), rotated (bits)
    weighting: examples            # uniform is the only choice with privacy
    aggregation:
      kind: plain                  # paillier (key_bits), threshold-paillier (key_bits, threshold, parties), pairwise (threshold),
                                   # pairwise-graph (neighbours, threshold)
      min_contributors: 1
    robust: { kind: none }         # median, trimmed-mean (f), mean-around-median (f), krum (f), multi-krum (f), bulyan (f),
                                   # minimum-diameter (f), geometric-median (iterations), norm-bounding (radius),
                                   # centered-clipping (radius, iterations), trust (root_examples); preparation: nearest-neighbor-mixing, bucketing
    attack: { kind: none }         # with fraction: sign-flip (scale), bit-flip, label-flip, scaled (scale), backdoor (scale), gaussian (scale),
                                   # ipm (scale), alie (z), min-max, min-sum, mimic
    personalization: { kind: none } # fine-tune (epochs, learning_rate, clients): after the last round clients train further, each for itself;
                                   # fedper (layers, clients): the last layers stay with their client
    dropout: 0.0                   # the share of a cohort that does not report
    devices:
      stragglers: 0.0              # the share that does part of its work
      stragglers_send: partial     # or nothing
      seconds_per_step: 1.0        # of simulated time
      spread: 0.0                  # of clients' speeds
      timeout: null                # simulated seconds after which a round goes on
      over_selection: 1.0          # draws more and goes on when enough have reported (cohort fixed, no privacy)
    evaluation: { every: 1 }
    target_accuracy: null          # stop when reached
    seed: 1                        # fixes everything but secret noise and keys

    """
}
