/// What each stage of the demo found; the report is written from these values and nothing else.
struct DemoOutcome {
  var statistics: StatisticsOutcome
  var federation: FederationOutcome
  var tradeoff: TradeoffOutcome
  var seed: UInt64
  var folder: String
}

/// Stage 1: answers of the census queries.
struct StatisticsOutcome {
  /// One released number beside the truth.
  struct Answer {
    /// The group, such as `Bachelors`, or empty.
    var group: String
    /// The exact answer, shown by the demo only.
    var truth: Double
    /// The released answer.
    var released: Double
    /// The 95 % interval of the release.
    var interval: ClosedRange<Double>
    /// Standard deviation of the released answer.
    var expectedError: Double
  }

  /// One query and its answers.
  struct Query {
    var title: String
    var metric: String
    var file: String
    /// The exact claim, field by field.
    var claims: [(name: String, value: String)]
    var answers: [Answer]
  }

  var rows: Int
  var queries: [Query]
  /// What the ledger held, spent and has left, as printed by `tacit ledger status`.
  var ledger: [(name: String, value: String)]
  var seconds: Double
}

/// Stage 2: the encrypted federated run.
struct FederationOutcome {
  /// One round of training.
  struct Round {
    var number: Int
    var loss: Double
    var accuracy: Double?
    var epsilon: Double?
  }

  var clients: Int
  var parameters: Int
  var keyBits: Int
  var slots: Int
  var ciphertextsPerClient: Int
  var bytesPerClient: Int
  var plainBytesPerClient: Int
  var rounds: [Round]
  var accuracy: Double
  var claims: [(name: String, value: String)]
  var encryptedHash: String
  var plainHash: String
  var encryptionsPerSecond: Double
  var seconds: Double
  var plainSeconds: Double
}

/// Stage 3: accuracy against ε.
struct TradeoffOutcome {
  /// One privacy level, over several seeds.
  struct Point {
    /// `nil` for no privacy.
    var epsilon: Double?
    var accuracies: [Double]

    var mean: Double { accuracies.reduce(0, +) / Double(accuracies.count) }

    /// Standard error of the mean; 0 for a single run.
    var standardError: Double {
      guard accuracies.count > 1 else { return 0 }
      let spread = accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(accuracies.count - 1)
      return (spread / Double(accuracies.count)).squareRoot()
    }
  }

  var points: [Point]
  var noiseMultipliers: [Double?]
  var seconds: Double
}
