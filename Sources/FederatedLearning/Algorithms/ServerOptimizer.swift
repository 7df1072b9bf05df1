/// How the server turns the mean update of a round into the next global model.
///
/// Updates are local minus global, so every rule adds. The code is generic over the scalar so that closed-form optima
/// can be checked in double precision; simulations run it in `Float`.
public enum ServerOptimizer: Sendable, Hashable {
  /// x ← x + ηΔ (McMahan et al. 2017).
  case averaging(rate: Double)
  /// v ← βv + Δ, x ← x + ηv (Hsu, Qi and Brown 2019).
  case momentum(rate: Double, beta: Double)
  /// v ← v + Δ², x ← x + η·m/(√v + τ) with m ← β₁m + (1 − β₁)Δ (Reddi et al. 2021).
  case adagrad(rate: Double, beta1: Double, tau: Double)
  /// v ← β₂v + (1 − β₂)Δ²; no bias correction, as published (Reddi et al. 2021).
  case adam(rate: Double, beta1: Double, beta2: Double, tau: Double)
  /// v ← v − (1 − β₂)Δ²·sign(v − Δ²) (Reddi et al. 2021).
  case yogi(rate: Double, beta1: Double, beta2: Double, tau: Double)

  /// What the rule remembers between rounds.
  public struct State<Scalar: BinaryFloatingPoint & Codable & Sendable>: Sendable, Codable {
    /// First moments, or the momentum; empty for averaging.
    public var first: [Scalar] = []
    /// Second moments; empty for averaging and momentum.
    public var second: [Scalar] = []

    /// A state that has seen nothing.
    public init() {}
  }

  /// Applies one round's mean update in place.
  ///
  /// - Precondition: `update` has one number for each parameter.
  public func apply<Scalar>(_ update: [Scalar], to parameters: inout [Scalar], state: inout State<Scalar>) {
    precondition(update.count == parameters.count, "one number for every parameter")
    if case .averaging(let rate) = self {
      let rate = Scalar(rate)
      for index in update.indices { parameters[index] += rate * update[index] }
      return
    }
    if state.first.isEmpty { state.first = [Scalar](repeating: 0, count: update.count) }
    if case .momentum(let rate, let beta) = self {
      let (rate, beta) = (Scalar(rate), Scalar(beta))
      for index in update.indices {
        state.first[index] = beta * state.first[index] + update[index]
        parameters[index] += rate * state.first[index]
      }
      return
    }
    if state.second.isEmpty { state.second = [Scalar](repeating: 0, count: update.count) }
    let (rate, beta1, tau) = adaptive
    for index in update.indices {
      let change = update[index]
      let first = Scalar(beta1) * state.first[index] + Scalar(1 - beta1) * change
      let second = secondMoment(state.second[index], change * change)
      state.first[index] = first
      state.second[index] = second
      parameters[index] += Scalar(rate) * first / (second.squareRoot() + Scalar(tau))
    }
  }

  private var adaptive: (rate: Double, beta1: Double, tau: Double) {
    switch self {
    case .averaging(let rate), .momentum(let rate, _): (rate, 0, 0)
    case .adagrad(let rate, let beta1, let tau): (rate, beta1, tau)
    case .adam(let rate, let beta1, _, let tau), .yogi(let rate, let beta1, _, let tau): (rate, beta1, tau)
    }
  }

  private func secondMoment<Scalar: BinaryFloatingPoint>(_ old: Scalar, _ square: Scalar) -> Scalar {
    switch self {
    case .averaging, .momentum: old
    case .adagrad: old + square
    case .adam(_, _, let beta2, _): Scalar(beta2) * old + Scalar(1 - beta2) * square
    case .yogi(_, _, let beta2, _):
      old - Scalar(1 - beta2) * square * (old > square ? 1 : old < square ? -1 : 0)
    }
  }
}
