import ExactMath

/// An event in normal form: which single events happened, and how often each.
///
/// All composition is a sum over these terms, so order and grouping cannot matter, and repetition is a multiplication
/// that is written once, in ``total(_:)``. Gaussians are merged into one (adaptive composition of Gaussians is exactly
/// the Gaussian of summed μ²: Dong, Roth and Su 2019, corollary 3.3), and so are ρ-zCDP events.
package struct EventTerms: Sendable, Hashable {
  /// A single event and its multiplicity, at least 1.
  package struct Term: Sendable, Hashable {
    package let event: SingleEvent
    package let count: Int
  }

  /// The terms in canonical order, all different.
  package let terms: [Term]

  /// Normalises an event for an adjacency.
  ///
  /// - Throws: ``AccountingError`` when a sampled or local event has no theorem under the adjacency, or when a
  ///   multiplicity overflows.
  package init(_ event: PrivacyEvent, adjacency: Adjacency) throws(AccountingError) {
    var collector = EventCollector(adjacency: adjacency)
    try collector.add(event, count: 1, group: 1)
    self = collector.terms
  }

  fileprivate init(counts: [SingleEvent: Int], squaredMu: Rational, rho: Rational) {
    var terms = counts.filter { $0.value > 0 }.map { Term(event: $0.key, count: $0.value) }
    if squaredMu.signum > 0 { terms.append(Term(event: .gaussian(squaredMu: squaredMu), count: 1)) }
    if rho.signum > 0 { terms.append(Term(event: .zcdp(rho: rho), count: 1)) }
    self.terms = terms.map { (key: "\($0.event)", term: $0) }.sorted { $0.key < $1.key }.map(\.term)
  }

  /// The same with samples under replace-one taken as samples under removal or addition, which one unit with a
  /// contribution among units without any attains; `nil` when there are none.
  package var attained: EventTerms? {
    var counts: [SingleEvent: Int] = [:]
    var changed = false
    for term in terms {
      switch term.event {
      case .replacedSample(let rate, let inner):
        changed = true
        counts[.poisson(rate: rate, inner), default: 0] += term.count
      case .withoutReplacement(let sizes, let inner):
        changed = true
        counts[.poisson(rate: Rational(sizes.sample, sizes.population), inner), default: 0] += term.count
      default: counts[term.event, default: 0] += term.count
      }
    }
    return changed ? EventTerms(counts: counts, squaredMu: 0, rho: 0) : nil
  }

  /// Whether nothing was released.
  package var isEmpty: Bool { terms.isEmpty }

  /// The only term when it happens once.
  package var only: SingleEvent? { terms.count == 1 && terms[0].count == 1 ? terms[0].event : nil }

  /// The sum of `loss` over all terms, each times its multiplicity.
  package func total<Loss: PrivacyLoss>(
    _ loss: (SingleEvent) throws(AccountingError) -> Loss
  ) throws(AccountingError) -> Loss {
    var sum = Loss.none
    for term in terms { sum = sum.adding(try loss(term.event).times(term.count)) }
    return sum
  }
}

/// A measure of privacy loss that composes by addition.
package protocol PrivacyLoss: Sendable {
  /// The loss of releasing nothing.
  static var none: Self { get }
  /// An upper bound on the loss of both, one after the other.
  func adding(_ other: Self) -> Self
  /// An upper bound on the loss of `count` repetitions.
  func times(_ count: Int) -> Self
}

/// Walks an event and collects its terms.
private struct EventCollector {
  let adjacency: Adjacency
  private var counts: [SingleEvent: Int] = [:]
  private var squaredMu = Rational.zero
  private var rho = Rational.zero

  init(adjacency: Adjacency) {
    self.adjacency = adjacency
  }

  var terms: EventTerms { EventTerms(counts: counts, squaredMu: squaredMu, rho: rho) }

  mutating func add(_ event: PrivacyEvent, count: Int, group k: Int) throws(AccountingError) {
    let size = Rational(k)
    switch event {
    case .repeated(let inner, let times):
      try add(inner, count: multiply(count, times.value), group: k)
    case .composed(let events):
      for inner in events { try add(inner, count: count, group: k) }
    case .tree(let levels, let node):
      // A unit changes the nodes on one path from the root to a leaf.
      try add(node, count: multiply(count, levels.value), group: k)
    case .group(let inside, let inner):
      try add(inner, count: count, group: multiply(k, inside.value))
    case .laplace(let scale, let sensitivity):
      try append(.laplace(epsilon: size * sensitivity.value / scale.value), count)
    case .gaussian(let multiplier):
      try append(.gaussian(squaredMu: size * size / multiplier.squared), count)
    case .discreteLaplace(let scale, let sensitivity):
      try append(.discreteLaplace(scale: scale.value, shift: size * sensitivity.value), count)
    case .discreteGaussian(let sigma, let sensitivity, let dimension):
      try append(
        .discreteGaussian(
          variance: sigma.squared, squaredSensitivity: size * size * sensitivity.squared, dimension: dimension.value),
        count)
    case .distributedDiscreteGaussian(let sigma, let clients, let sensitivity, let dimension):
      try append(
        .distributedDiscreteGaussian(
          variance: sigma.squared, clients: clients.value, squaredSensitivity: size * size * sensitivity.squared,
          dimension: dimension.value), count)
    case .skellam(let sigma, let sensitivity, let dimension):
      try append(
        .skellam(
          variance: sigma.squared, squaredSensitivity: size * size * sensitivity.squared, dimension: dimension.value),
        count)
    case .randomizedResponse(let replacement, let categories):
      guard adjacency == .replaceOne else {
        throw AccountingError(
          .noTheorem, "randomized-response is a local mechanism: ask for the replace-one adjacency")
      }
      // Each unit of a group runs its own randomiser.
      try append(
        .randomizedResponse(replacement: replacement.value, categories: categories.value), try multiply(count, k))
    case .exponential(let epsilon):
      if epsilon.value.signum > 0 { try append(.boundedRange(epsilon: size * epsilon.value), count) }
    case .sparseVector(let epsilon, _):
      // A group of one: no sparse vector mechanism attains the worst law of its ε, so nothing holds from below.
      if epsilon.value.signum > 0 { try append(.group(size: 1, .pure(epsilon: size * epsilon.value)), count) }
    case .epsilonDelta(let epsilon, let delta):
      if delta.value.signum > 0 {
        try append(grouped(.approximate(epsilon: epsilon.value, delta: delta.value), k), count)
      } else if epsilon.value.signum > 0 {
        try append(.pure(epsilon: size * epsilon.value), count)
      }
    case .zcdp(let rho):
      try append(.zcdp(rho: size * size * rho.value), count)
    case .shuffled(let population, let inner):
      guard adjacency == .replaceOne else {
        throw AccountingError(.noTheorem, "shuffle is stated for local mechanisms: ask for the replace-one adjacency")
      }
      try wrap(inner, count, k) { .shuffled(population: population.value, $0) }
    case .poissonSampled(let rate, let inner):
      try addPoisson(rate.value, inner, count: count, group: k)
    case .sampledWithoutReplacement(let sizes, let inner):
      if sizes.sample == sizes.population { return try add(inner, count: count, group: k) }
      guard sizes.sample > 0 else { return }
      guard adjacency == .replaceOne else {
        throw AccountingError(
          .noTheorem,
          "sampling without replacement has a theorem under replace-one only: with add-remove the population size is "
            + "not public")
      }
      try wrap(inner, count, k) { .withoutReplacement(sizes, $0) }
    }
  }

  private mutating func addPoisson(
    _ rate: Rational, _ inner: PrivacyEvent, count: Int, group k: Int
  ) throws(AccountingError) {
    if rate == 1 { return try add(inner, count: count, group: k) }
    guard rate.signum > 0 else { return }
    if adjacency == .replaceOne { return try addReplacedSample(rate, inner, count: count, group: k) }
    try wrap(inner, count, k) {
      // A Poisson sample of a Poisson sample is one of the product rate.
      if case .poisson(let innerRate, let terms)? = $0.only { return .poisson(rate: rate * innerRate, terms) }
      return .poisson(rate: rate, $0)
    }
  }

  /// A Poisson sample under replace-one compares a sample that holds the unit with one that holds its replacement, and
  /// with one that holds neither: the sensitivity that an additive noise states has to cover the unit's absence too, and
  /// a bare guarantee for replacement does not.
  private mutating func addReplacedSample(
    _ rate: Rational, _ inner: PrivacyEvent, count: Int, group k: Int
  ) throws(AccountingError) {
    let terms = try EventTerms(inner, adjacency: adjacency)
    guard terms.terms.allSatisfy(\.event.isAdditiveNoise) else {
      throw AccountingError(
        .noTheorem,
        "Poisson sampling under replace-one also compares with the unit's absence, which a guarantee for replacement "
          + "does not cover: it is accounted for additive noise only, or under add-remove")
    }
    try wrap(inner, count, k) {
      if case .replacedSample(let innerRate, let terms)? = $0.only {
        return .replacedSample(rate: rate * innerRate, terms)
      }
      return .replacedSample(rate: rate, $0)
    }
  }

  private mutating func wrap(
    _ inner: PrivacyEvent, _ count: Int, _ k: Int, _ make: (EventTerms) -> SingleEvent
  ) throws(AccountingError) {
    let terms = try EventTerms(inner, adjacency: adjacency)
    if !terms.isEmpty { try append(grouped(make(terms), k), count) }
  }

  private func grouped(_ event: SingleEvent, _ k: Int) -> SingleEvent {
    k == 1 ? event : .group(size: k, event)
  }

  private mutating func append(_ event: SingleEvent, _ count: Int) throws(AccountingError) {
    guard count > 0 else { return }
    switch event {
    case .gaussian(let value): squaredMu += Rational(count) * value
    case .zcdp(let value): rho += Rational(count) * value
    default:
      let (sum, overflow) = counts[event, default: 0].addingReportingOverflow(count)
      guard !overflow, sum <= 1 << 52 else {
        throw AccountingError(.tooLarge, "the event repeats more than 2^52 times")
      }
      counts[event] = sum
    }
  }

  private func multiply(_ a: Int, _ b: Int) throws(AccountingError) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow, product <= 1 << 52 else {
      throw AccountingError(.tooLarge, "the event repeats more than 2^52 times")
    }
    return product
  }
}
