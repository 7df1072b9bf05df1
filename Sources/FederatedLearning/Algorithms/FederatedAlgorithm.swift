/// A federated algorithm: what a client makes of its local work, and what the server makes of the sums.
///
/// An algorithm is a value. ``initial(count:)`` gives the server's state, ``correction(state:memory:)`` and
/// ``proximal`` shape local descent, ``clientStep(update:steps:rate:state:memory:)`` turns its outcome into a
/// ``Message``, and ``serverUpdate(_:parameters:state:)`` applies a round's sums. Updates are local minus global
/// everywhere. Everything is generic over the scalar, so that closed-form optima can be checked in double precision;
/// simulations run it in `Float`.
public struct FederatedAlgorithm: Sendable, Hashable {
  /// How a round's sums become the next global model.
  public enum Rule: Sendable, Hashable {
    /// The weighted mean update, through a server optimiser: FedAvg, FedSGD, FedProx, FedAvgM and the adaptive rules.
    case averaging(ServerOptimizer)
    /// FedNova (Wang et al. 2020): updates are divided by the client's number of steps, and their mean is multiplied
    /// by the mean number of steps, so that unequal local work no longer moves the optimum.
    case normalized(rate: Double)
    /// SCAFFOLD with option II (Karimireddy et al. 2020): every client keeps a control variate c_k and descends along
    /// ∇f_k − c_k + c.
    case controlled(rate: Double)
  }

  /// How a round's sums become the next global model.
  public let rule: Rule
  /// μ of the proximal term (μ/2)‖y − x‖² that FedProx adds to the client's loss, 0 for none.
  public let proximal: Double
  /// The updates of a step of a server that waits for nobody (FedBuff); nil for rounds.
  public let buffer: Int?

  /// An algorithm of the given rule.
  public init(_ rule: Rule, proximal: Double = 0, buffer: Int? = nil) {
    self.rule = rule
    self.proximal = proximal
    self.buffer = buffer
  }

  /// What the server remembers between rounds.
  public struct State<Scalar: BinaryFloatingPoint & Codable & Sendable>: Sendable, Codable {
    /// Moments of the server optimiser.
    public var optimizer = ServerOptimizer.State<Scalar>()
    /// SCAFFOLD's c, the mean of all clients' variates; empty otherwise.
    public var variate: [Scalar] = []

    /// A state that has seen nothing.
    public init() {}
  }

  /// What a client contributes to a round's sums.
  public struct Message<Scalar: BinaryFloatingPoint & Codable & Sendable>: Sendable {
    /// Summed with the client's weight.
    public var update: [Scalar]
    /// Summed with weight one; nil when the algorithm needs no second sum.
    public var second: [Scalar]?

    /// A message of its parts.
    public init(update: [Scalar], second: [Scalar]? = nil) {
      self.update = update
      self.second = second
    }
  }

  /// The means of a round's messages.
  public struct RoundMeans<Scalar: BinaryFloatingPoint & Codable & Sendable>: Sendable {
    /// Σ p_k·update_k with Σ p_k = 1.
    public var update: [Scalar]
    /// Σ second_k / |S|; nil when there is none.
    public var second: [Scalar]?
    /// Σ p_k·steps_k.
    public var steps: Scalar
    /// |S| / N: the share of all clients that the means are over.
    public var participation: Scalar
    /// η of the clients.
    public var rate: Scalar

    /// The means of a round.
    public init(update: [Scalar], second: [Scalar]? = nil, steps: Scalar, participation: Scalar, rate: Scalar) {
      self.update = update
      self.second = second
      self.steps = steps
      self.participation = participation
      self.rate = rate
    }
  }

  /// Whether messages have a second part.
  public var hasSecondSum: Bool {
    if case .controlled = rule { return true }
    return false
  }

  /// Whether the mean number of steps matters.
  public var countsSteps: Bool {
    if case .normalized = rule { return true }
    return false
  }

  /// The server's state before the first round.
  public func initial<Scalar>(count: Int) -> State<Scalar> {
    var state = State<Scalar>()
    if hasSecondSum { state.variate = [Scalar](repeating: 0, count: count) }
    return state
  }

  /// What is added to every gradient of a client's local work; nil for nothing.
  ///
  /// - Parameter memory: what the client kept from its last participation, empty before the first.
  public func correction<Scalar>(state: State<Scalar>, memory: [Scalar]) -> [Scalar]? {
    guard hasSecondSum else { return nil }
    guard !memory.isEmpty else { return state.variate }
    return zip(state.variate, memory).map { $0 - $1 }
  }

  /// Turns the outcome of local work into a message and brings the client's memory up to date.
  ///
  /// - Parameters:
  ///   - update: local minus global.
  ///   - steps: how many steps the client took; with none the message is the update as it is.
  ///   - rate: η of the client.
  public func clientStep<Scalar>(
    update: [Scalar], steps: Int, rate: Scalar, state: State<Scalar>, memory: inout [Scalar]
  ) -> Message<Scalar> {
    guard steps > 0 else {
      return Message(update: update, second: hasSecondSum ? [Scalar](repeating: 0, count: update.count) : nil)
    }
    switch rule {
    case .averaging: return Message(update: update)
    case .normalized: return Message(update: update.map { $0 / Scalar(steps) })
    case .controlled:
      // c_k⁺ = c_k − c + (x − y)/(Kη), so c_k⁺ − c_k = −c − (Δ/K)/η: the second sum carries Δ/K.
      let perStep = update.map { $0 / Scalar(steps) }
      if memory.isEmpty { memory = [Scalar](repeating: 0, count: update.count) }
      for index in memory.indices { memory[index] -= state.variate[index] + perStep[index] / rate }
      return Message(update: update, second: perStep)
    }
  }

  /// Applies the means of a round.
  ///
  /// - Precondition: the means have one number for each parameter.
  public func serverUpdate<Scalar>(
    _ means: RoundMeans<Scalar>, parameters: inout [Scalar], state: inout State<Scalar>
  ) {
    switch rule {
    case .averaging(let optimizer): optimizer.apply(means.update, to: &parameters, state: &state.optimizer)
    case .normalized(let rate):
      let scale = Scalar(rate) * means.steps
      for index in parameters.indices { parameters[index] += scale * means.update[index] }
    case .controlled(let rate):
      let rate = Scalar(rate)
      for index in parameters.indices { parameters[index] += rate * means.update[index] }
      guard let second = means.second else { return }
      for index in state.variate.indices {
        state.variate[index] -= means.participation * (state.variate[index] + second[index] / means.rate)
      }
    }
  }
}
