import ExactMath

/// Amplification by shuffling, with the numeric bound of Feldman, McMillan and Talwar (2021), replace-one.
///
/// A shuffled event whose local randomiser is ε₀-DP is amplified at its share of δ; several of them, and events with an
/// (ε, δ) of their own beside them, compose optimally from there. A local randomiser with a δ of its own is not
/// amplified.
public struct ShuffleAccountant: Accountant {
  /// `shuffle`.
  public let name = "shuffle"

  /// The accountant has no state.
  public init() {}

  /// The amplified ε, never above the sum without a shuffler.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let parts = try ShuffledParts(EventTerms(event, adjacency: adjacency))
    return Bounds(lower: nil, upper: try epsilon(of: parts, delta: delta, adjacency: adjacency))
  }

  /// The amplified δ.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let basic = try PureAccountant().delta(of: event, epsilon: epsilon, adjacency: adjacency).upper
    let parts = try ShuffledParts(EventTerms(event, adjacency: adjacency))
    if let only = parts.only {
      return Bounds(lower: nil, upper: Swift.min(basic, only.profile.delta(epsilon: Interval(epsilon.down))))
    }
    // The smallest δ, within a factor of 1.01, whose ε is small enough.
    var (bad, good) = (-690.0, 0.0)
    let target = epsilon.down
    while good - bad > 0.01 {
      let middle = (good + bad) / 2
      guard let exact = Rational(exactly: Interval(middle).exponential.middle),
        let share = try? Delta(exact)
      else { break }
      if try self.epsilon(of: parts, delta: share, adjacency: adjacency) <= target {
        good = middle
      } else {
        bad = middle
      }
    }
    let found = good == 0 ? 1 : Interval(good).exponential.high
    return Bounds(lower: nil, upper: Swift.min(basic, found))
  }

  private func epsilon(
    of parts: ShuffledParts, delta: Delta, adjacency: Adjacency
  ) throws(AccountingError) -> Double {
    let mass = delta.down
    let basic = parts.basic.delta <= delta.value ? parts.basic.epsilon.doubleRoundedUp : .infinity
    guard mass > 0 else { return basic }
    if let only = parts.only { return Swift.min(basic, only.epsilon(delta: mass)) }
    // Half of δ for the shuffled rounds, the rest for the composition of everything.
    let share = mass / 2 / Double(parts.rounds)
    guard let exactShare = Rational(exactly: share) else { return basic }
    var events = parts.others
    for round in parts.shuffled {
      let amplified = round.epsilon(delta: share)
      guard let exact = Rational(exactly: amplified),
        let event = try? PrivacyEvent.epsilonDelta(epsilon: exact, delta: exactShare),
        let all = try? PrivacyEvent.repeated(event, count: round.count)
      else { return basic }
      events.append(all)
    }
    let composed = try OptimalAccountant().epsilon(of: .composed(events), delta: delta, adjacency: adjacency).upper
    return Swift.min(basic, composed)
  }
}

/// The shuffled rounds of an event, and the rest.
private struct ShuffledParts {
  struct Round {
    let profile: ShuffleProfile
    let local: Double
    let count: Int

    /// The smallest ε, to a few digits, at which the profile is certainly at most `delta`.
    func epsilon(delta: Double) -> Double {
      guard profile.delta(epsilon: Interval(local)) <= delta else { return local }
      if profile.delta(epsilon: .zero) <= delta { return 0 }
      var (bad, good) = (0.0, local)
      while good - bad > good * 1e-7 {
        let middle = bad + (good - bad) / 2
        if profile.delta(epsilon: Interval(middle)) <= delta { good = middle } else { bad = middle }
      }
      return good
    }
  }

  var shuffled: [Round] = []
  var others: [PrivacyEvent] = []
  let basic: ApproximateLoss

  init(_ terms: EventTerms) throws(AccountingError) {
    basic = try PureAccountant.loss(of: terms)
    var found = false
    for term in terms.terms {
      let loss = try ApproximateLoss(of: term.event)
      if case .shuffled(let population, let inner) = term.event, loss.delta.signum == 0, loss.epsilon.signum > 0 {
        found = true
        let local = Interval(loss.epsilon)
        var cloneRate = (-local).exponential
        if case .randomizedResponse(let replacement, let categories)? = inner.only {
          // 2/(e^ε₀ + 1) with e^ε₀ = 1 + k(1 − p)/p, exactly.
          cloneRate = Interval(2 / (2 + Rational(categories) * (1 - replacement) / replacement))
        }
        shuffled.append(
          Round(
            profile: ShuffleProfile(epsilon: local, cloneRate: cloneRate, population: population),
            local: loss.epsilon.doubleRoundedUp, count: term.count))
      } else if loss.epsilon.signum > 0 || loss.delta.signum > 0 {
        guard let event = try? PrivacyEvent.epsilonDelta(epsilon: loss.epsilon, delta: loss.delta),
          let all = try? PrivacyEvent.repeated(event, count: term.count)
        else { throw AccountingError(.unsupportedEvent, "a part of the event has no finite (epsilon, delta)") }
        others.append(all)
      }
    }
    guard found else {
      throw AccountingError(.unsupportedEvent, "there is nothing shuffled to amplify")
    }
  }

  /// How many rounds there are in all.
  var rounds: Int { shuffled.reduce(0) { $0 + $1.count } }

  /// The only round of an event that is nothing else.
  var only: Round? { others.isEmpty && shuffled.count == 1 && shuffled[0].count == 1 ? shuffled[0] : nil }
}
