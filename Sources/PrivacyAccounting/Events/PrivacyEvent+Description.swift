import ExactMath

extension PrivacyEvent: CustomStringConvertible {
  /// The canonical text of the event; ``init(parsing:)`` reads it back to an equal value.
  public var description: String {
    switch self {
    case .laplace(let scale, let sensitivity): "laplace(scale=\(scale), sensitivity=\(sensitivity))"
    case .gaussian(let multiplier): "gaussian(\(multiplier))"
    case .discreteLaplace(let scale, let sensitivity): "discrete-laplace(scale=\(scale), sensitivity=\(sensitivity))"
    case .discreteGaussian(let sigma, let sensitivity, let dimension):
      "discrete-gaussian(\(sigma), \(sensitivity), dimension=\(dimension))"
    case .distributedDiscreteGaussian(let sigma, let clients, let sensitivity, let dimension):
      "distributed-discrete-gaussian(\(sigma), clients=\(clients), \(sensitivity), dimension=\(dimension))"
    case .skellam(let sigma, let sensitivity, let dimension):
      "skellam(\(sigma), \(sensitivity), dimension=\(dimension))"
    case .randomizedResponse(let replacement, let categories): "randomized-response(p=\(replacement), k=\(categories))"
    case .exponential(let epsilon): "exponential(epsilon=\(epsilon))"
    case .epsilonDelta(let epsilon, let delta): "epsilon-delta(epsilon=\(epsilon), delta=\(delta))"
    case .zcdp(let rho): "zcdp(rho=\(rho))"
    case .sparseVector(let epsilon, let cutoff): "sparse-vector(epsilon=\(epsilon), cutoff=\(cutoff))"
    case .tree(let levels, let node): "tree(levels=\(levels), \(node))"
    case .group(let size, let event): "group(\(size), \(event))"
    case .shuffled(let population, let event): "shuffle(n=\(population), \(event))"
    case .poissonSampled(let rate, let event): "poisson(rate=\(rate), \(event))"
    case .sampledWithoutReplacement(let sizes, let event):
      "without-replacement(sample=\(sizes.sample), population=\(sizes.population), \(event))"
    case .repeated(let event, let count): "\(event.factorText) * \(count)"
    case .composed(let events):
      switch events.count {
      case 0: "nothing()"
      case 1: "composed(\(events[0]))"
      default: events.map(\.termText).joined(separator: " + ")
      }
    }
  }

  /// The text as an operand of `+`.
  private var termText: String {
    if case .composed(let events) = self, events.count > 1 { return "(\(self))" }
    return description
  }

  /// The text as an operand of `*`.
  private var factorText: String { termText }
}

extension PrivacyEvent: Codable {
  /// Reads the canonical text, or any text of the grammar.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    try self.init(parsing: container.decode(String.self))
  }

  /// Writes the canonical text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
