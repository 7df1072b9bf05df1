/// `partition:` how examples are dealt to clients.
public struct PartitionOptions: Codable, Sendable, Hashable {
  /// `iid`, `shards`, `dirichlet`, `power-law`, `log-normal` or `natural`.
  public var kind = "iid"
  /// How many clients.
  public var clients = 100
  /// Shards each client receives, for `shards`.
  public var shardsPerClient: Int?
  /// The concentration, for `dirichlet`.
  public var alpha: Double?
  /// The fewest examples of a client, for `dirichlet`.
  public var minimumExamples: Int?
  /// The exponent of sizes, for `power-law`.
  public var exponent: Double?
  /// The deviation of the logarithm of sizes, for `log-normal`.
  public var sigma: Double?
  /// The column that says whose a row is, for `natural` with a CSV file.
  public var column: String?

  /// A partition; see the properties.
  public init(kind: String = "iid", clients: Int = 100, shardsPerClient: Int? = nil, alpha: Double? = nil) {
    self.kind = kind
    self.clients = clients
    self.shardsPerClient = shardsPerClient
    self.alpha = alpha
  }

  /// Reads the keys that are there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decodeIfPresent(String.self, forKey: .kind) ?? kind
    clients = try container.decodeIfPresent(Int.self, forKey: .clients) ?? clients
    shardsPerClient = try container.decodeIfPresent(Int.self, forKey: .shardsPerClient)
    alpha = try container.decodeIfPresent(Double.self, forKey: .alpha)
    minimumExamples = try container.decodeIfPresent(Int.self, forKey: .minimumExamples)
    exponent = try container.decodeIfPresent(Double.self, forKey: .exponent)
    sigma = try container.decodeIfPresent(Double.self, forKey: .sigma)
    column = try container.decodeIfPresent(String.self, forKey: .column)
  }

  enum CodingKeys: String, CodingKey {
    case kind, clients, alpha, exponent, sigma, column
    case shardsPerClient = "shards_per_client"
    case minimumExamples = "minimum_examples"
  }
}

/// `model:` what is trained.
public struct ModelOptions: Codable, Sendable, Hashable {
  /// `softmax`, `mlp`, `cnn` (McMahan and others 2017) or `linear`.
  public var kind = "softmax"
  /// Units of each hidden layer, for `mlp`; of the one there is, for `cnn`, 512 unless given.
  public var hidden: [Int]?
  /// Channels of the two convolutions, for `cnn`; 32 and 64 unless given.
  public var channels: [Int]?

  /// A model; see the properties.
  public init(kind: String = "softmax", hidden: [Int]? = nil) {
    self.kind = kind
    self.hidden = hidden
  }
}

/// `algorithm:` the federated algorithm.
public struct AlgorithmOptions: Codable, Sendable, Hashable {
  /// `fedavg`, `fedsgd`, `fedprox`, `fedavgm`, `fedadagrad`, `fedadam`, `fedyogi`, `scaffold`,
  /// `fednova` or `fedbuff`, for which cohort.size clients train at any time and a round is one step of the server.
  public var kind = "fedavg"
  /// η of the server.
  public var serverLearningRate: Double?
  /// μ of the proximal term, for `fedprox`.
  public var mu: Double?
  /// β, for `fedavgm`.
  public var momentum: Double?
  /// β₁, for the adaptive rules.
  public var beta1: Double?
  /// β₂, for `fedadam` and `fedyogi`.
  public var beta2: Double?
  /// τ, for the adaptive rules.
  public var tau: Double?
  /// Updates of one step of the server, for `fedbuff`; 10 unless given.
  public var buffer: Int?

  /// An algorithm; see the properties.
  public init(
    kind: String = "fedavg", serverLearningRate: Double? = nil, mu: Double? = nil, momentum: Double? = nil
  ) {
    self.kind = kind
    self.serverLearningRate = serverLearningRate
    self.mu = mu
    self.momentum = momentum
  }

  enum CodingKeys: String, CodingKey {
    case kind, mu, momentum, beta1, beta2, tau, buffer
    case serverLearningRate = "server_learning_rate"
  }
}

/// `client:` local training.
public struct ClientOptions: Codable, Sendable, Hashable {
  /// Passes over the client's examples.
  public var epochs = 1
  /// Examples of a step; 0 for all of them.
  ///
  /// With `privacy.unit: example` the constant that a step's sum is divided by.
  public var batchSize = 10
  /// The probability with which every step takes an example, for `privacy.unit: example`.
  public var batchRate: ExactNumber?
  /// η of the client.
  public var learningRate = 0.1

  /// Local training; see the properties.
  public init(epochs: Int = 1, batchSize: Int = 10, learningRate: Double = 0.1) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
  }

  /// Reads the keys that are there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    epochs = try container.decodeIfPresent(Int.self, forKey: .epochs) ?? epochs
    batchSize = try container.decodeIfPresent(Int.self, forKey: .batchSize) ?? batchSize
    batchRate = try container.decodeIfPresent(ExactNumber.self, forKey: .batchRate)
    learningRate = try container.decodeIfPresent(Double.self, forKey: .learningRate) ?? learningRate
  }

  enum CodingKeys: String, CodingKey {
    case epochs
    case batchSize = "batch_size"
    case batchRate = "batch_rate"
    case learningRate = "learning_rate"
  }
}

/// `cohort:` who takes part in a round.
public struct CohortOptions: Codable, Sendable, Hashable {
  /// `all`, `poisson`, `fixed`, `with-replacement` or `min-separation`.
  public var sampling = "all"
  /// The probability of each client, for `poisson`.
  public var rate: ExactNumber?
  /// The number of clients, for `fixed`, `with-replacement` and `min-separation`.
  public var size: Int?
  /// The fewest rounds between two participations of a client, for `min-separation`; as many as there can be unless
  /// given.
  public var separation: Int?

  /// A cohort; see the properties.
  public init(sampling: String = "all", rate: ExactNumber? = nil, size: Int? = nil, separation: Int? = nil) {
    self.sampling = sampling
    self.rate = rate
    self.size = size
    self.separation = separation
  }
}

/// `quantize:` the grid of updates.
public struct QuantizeOptions: Codable, Sendable, Hashable {
  /// Bits of a value.
  public var bits = 24
  /// The largest magnitude; with privacy it is the clip and may not be given.
  public var range: Double?

  /// `hadamard` or `none`: whether distributed noise is added to randomly rotated updates, which a smaller ring holds;
  /// `hadamard` with distributed noise unless given, and not to be had with another placement.
  public var rotation: String?

  /// A grid; see the properties.
  public init(bits: Int = 24, range: Double? = nil, rotation: String? = nil) {
    self.bits = bits
    self.range = range
    self.rotation = rotation
  }

  /// Reads the keys that are there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    bits = try container.decodeIfPresent(Int.self, forKey: .bits) ?? bits
    range = try container.decodeIfPresent(Double.self, forKey: .range)
    rotation = try container.decodeIfPresent(String.self, forKey: .rotation)
  }
}

/// `aggregation:` how updates are summed.
public struct AggregationOptions: Codable, Sendable, Hashable {
  /// `plain`, `paillier`, `threshold-paillier`, `pairwise` or `pairwise-graph`.
  public var kind = "plain"
  /// Bits of the modulus, for the Paillier kinds; 3072 unless given.
  public var keyBits: Int?
  /// How many decryptors open a sum, 2 unless given; for pairwise masks how many shares open a seed, the least safe
  /// number unless given.
  public var threshold: Int?
  /// How many decryptors hold a share of the key; 3 unless given.
  public var parties: Int?
  /// How many clients each exchanges masks with in `pairwise-graph`; what cohort and dropout need unless given.
  public var neighbours: Int?
  /// The fewest contributors of a sum that may be opened; under distributed noise also the number of honest clients
  /// whose noise is promised.
  public var minContributors: Int?

  /// An aggregation; see the properties.
  public init(
    kind: String = "plain", keyBits: Int? = nil, minContributors: Int? = nil, threshold: Int? = nil,
    parties: Int? = nil, neighbours: Int? = nil
  ) {
    self.kind = kind
    self.keyBits = keyBits
    self.minContributors = minContributors
    self.threshold = threshold
    self.parties = parties
    self.neighbours = neighbours
  }

  enum CodingKeys: String, CodingKey {
    case kind
    case threshold, parties, neighbours
    case keyBits = "key_bits"
    case minContributors = "min_contributors"
  }
}

/// `evaluation:` when the model is measured.
public struct EvaluationOptions: Codable, Sendable, Hashable {
  /// Every so many rounds; the last round is always measured.
  public var every = 1

  /// An evaluation; see the property.
  public init(every: Int = 1) { self.every = every }
}
