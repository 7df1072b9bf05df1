import ExactMath
private import Glibc

/// Privacy-loss distributions with certified bounds on both sides.
///
/// Compositions with Gaussians, sampled or not, and of continuous Laplace go through a contour integral of their transform,
/// whose cost does not grow with the number of steps; finite laws with few outcomes are composed exactly; the rest is
/// discretised once so that it dominates and once so that it is dominated, and composed by a tilted Fourier transform.
/// Rounding, wrap-around, truncation and quadrature are bounded and included: <doc:LossDistributionErrors>.
/// Poisson-sampled events are accounted under removal and under addition apart. Events without a proven dominating pair
/// are refused.
public struct LossDistributionAccountant: Accountant {
  /// `pld`.
  public let name = "pld"
  /// The width of the bounds on ε that the grid is chosen for; not a promise.
  public let tolerance: Double

  /// An accountant that aims at bounds of width 2e-4.
  public init() {
    tolerance = 2e-4
  }

  /// An accountant that aims at bounds of the given width.
  ///
  /// - Throws: ``AccountingError`` unless the width lies in `1e-7 … 1`.
  public init(tolerance: Double) throws(AccountingError) {
    guard tolerance >= 1e-7, tolerance <= 1 else {
      throw AccountingError(.invalidQuestion, "the tolerance must lie between 1e-7 and 1")
    }
    self.tolerance = tolerance
  }

  /// Bounds on the smallest ε at `delta`.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let terms = try EventTerms(event, adjacency: adjacency)
    let bounds = try epsilon(of: terms, delta: delta)
    guard let attained = terms.attained, let known = try? epsilon(of: attained, delta: delta).lower else {
      return bounds
    }
    return bounds.intersected(Bounds(lower: known, upper: .infinity))
  }

  private func epsilon(of terms: EventTerms, delta: Delta) throws(AccountingError) -> Bounds {
    if terms.isEmpty { return Bounds(lower: 0, upper: 0) }
    guard delta.value.signum > 0 else {
      let pure = try? PureAccountant.loss(of: terms)
      let upper = pure.map { $0.delta.signum == 0 ? $0.epsilon.doubleRoundedUp : .infinity } ?? .infinity
      return Bounds(lower: nil, upper: upper)
    }
    let target = Interval(delta.value).logarithm
    if case .gaussian(let squaredMu)? = terms.only {
      return GaussianProfile(squaredMu: squaredMu).epsilon(logDelta: target)
    }
    var best = Bounds(lower: 0, upper: .infinity)
    if let laws = ContourLaw.directions(of: terms, reach: LossDistributionAccountant.contourReach) {
      let edges = laws.compactMap(LossEdge.init)
      if edges.count == laws.count {
        let upper = edges.map(\.high).max() ?? .infinity
        best = Bounds(lower: Swift.min(upper, edges.map { $0.lowerEpsilon(target.high) }.max() ?? 0), upper: upper)
        if (best.width ?? .infinity) <= 1e-6 { return best }
      }
      if let bounds = contourEpsilon(laws, target) {
        best = best.intersected(bounds)
        if (best.width ?? 0) <= 4 * tolerance || !laws.allSatisfy(\.isTight) { return best }
      }
    }
    // The grid is chosen from an estimate; where the certified width disagrees, it is refined. Bounds only tighten.
    for refinement in [0.1, 0.3, 1, 4, 16] {
      let profiles: [TiltedProfile]
      do throws(AccountingError) {
        profiles = try self.profiles(terms, .logDelta(target.low), logDelta: target.low, refinement: refinement)
      } catch {
        // What is known so far stands.
        guard best.upper < .infinity else { throw error }
        return best
      }
      var (lower, upper) = (best.lower ?? 0, 0.0)
      for profile in profiles {
        let bounds = LossDistributionAccountant.epsilon(profile, target)
        lower = Swift.max(lower, bounds.lower ?? 0)
        upper = Swift.max(upper, bounds.upper)
      }
      best = best.intersected(Bounds(lower: Swift.min(lower, upper), upper: upper))
      if !(profiles.allSatisfy(\.hasLower)) || (best.width ?? .infinity) <= 4 * tolerance { break }
    }
    return best
  }

  /// Bounds on the smallest δ at `epsilon`.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let terms = try EventTerms(event, adjacency: adjacency)
    if case .gaussian = terms.only {
      return try GaussianAccountant().delta(of: event, epsilon: epsilon, adjacency: adjacency)
    }
    let bounds = try self.delta(of: terms, epsilon: epsilon)
    guard let attained = terms.attained, let known = try? self.delta(of: attained, epsilon: epsilon).lower else {
      return bounds
    }
    return bounds.intersected(Bounds(lower: known, upper: 1))
  }

  private func delta(of terms: EventTerms, epsilon: Epsilon) throws(AccountingError) -> Bounds {
    if terms.isEmpty { return Bounds(lower: 0, upper: 0) }
    let (low, high) = (epsilon.down, epsilon.up)
    if let laws = ContourLaw.directions(of: terms, reach: LossDistributionAccountant.contourReach) {
      let edges = laws.compactMap(LossEdge.init)
      let bounded = edges.count == laws.count
      if bounded, edges.allSatisfy({ $0.high <= low }) { return Bounds(lower: 0, upper: 0) }
      if let bounds = contourDelta(laws, low, high) {
        let edge = edges.map { $0.lowerLogDelta(high) }.max() ?? -.infinity
        return bounded
          ? bounds.intersected(Bounds(lower: Interval(edge).exponential.low, upper: 1)) : bounds
      }
    }
    var assumed = -50.0
    while true {
      let profiles = try self.profiles(terms, .epsilon(low), logDelta: assumed)
      let upper = profiles.map { $0.upperLogDelta(low) }.max() ?? 0
      let lower = profiles.map { $0.lowerLogDelta(high) }.max() ?? -.infinity
      // When the cut-off tails may dominate, cut further out.
      if upper < assumed + 10, assumed > -640 {
        assumed = Swift.max(-640, upper - 60)
        continue
      }
      let top = Interval(upper).exponential.high
      return Bounds(lower: Swift.min(Interval(lower).exponential.low, Swift.min(1, top)), upper: Swift.min(1, top))
    }
  }

  /// How far out discrete Gaussians are cut off.
  private static let contourReach = 37.0

  /// ε from the contour integral; `nil` where it does not apply.
  private func contourEpsilon(_ laws: [ContourLaw], _ target: Interval) -> Bounds? {
    var (lower, upper) = (0.0, 0.0)
    for law in laws {
      if let atoms = law.atoms, let bounds = AtomicComposition(atoms)?.epsilon(target) {
        lower = Swift.max(lower, bounds.lower ?? 0)
        upper = Swift.max(upper, bounds.upper)
        continue
      }
      guard let plan = ContourPlan(law, .logDelta(target.low), accuracy: tolerance),
        let profile = ContourProfile(law, plan),
        let bounds = ProfileSearch.epsilon(profile, from: plan.centre, slope: plan.lambda, target)
      else { return nil }
      lower = Swift.max(lower, bounds.lower ?? 0)
      upper = Swift.max(upper, bounds.upper)
    }
    return Bounds(lower: lower, upper: upper)
  }

  /// δ from the contour integral; `nil` where it does not apply.
  private func contourDelta(_ laws: [ContourLaw], _ low: Double, _ high: Double) -> Bounds? {
    var (lower, upper) = (-Double.infinity, -Double.infinity)
    for law in laws {
      // Losses of this direction that never exceed ε give δ = 0: under addition of a sampled unit they are bounded.
      if let edge = LossEdge(law), edge.high <= low { continue }
      if let atoms = law.atoms, let composition = AtomicComposition(atoms) {
        lower = Swift.max(lower, composition.lowerLogDelta(high))
        upper = Swift.max(upper, composition.upperLogDelta(low))
        continue
      }
      guard let plan = ContourPlan(law, .epsilon(low), accuracy: tolerance), let profile = ContourProfile(law, plan)
      else { return nil }
      let (bottom, top) = (profile.lowerLogDelta(high), profile.upperLogDelta(low))
      guard top < 0 || bottom > -1e-3, bottom <= top else { return nil }
      lower = Swift.max(lower, bottom)
      upper = Swift.max(upper, top)
    }
    let top = Swift.min(1, Interval(upper).exponential.high)
    return Bounds(lower: Swift.min(top, Interval(lower).exponential.low), upper: top)
  }

  /// The bounds on δ of every route that has some, each by itself, at two choices of tilt, nodes or step: all of them
  /// enclose one number.
  package func routes(
    of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency
  ) throws(AccountingError) -> [(route: String, bounds: Bounds)] {
    let terms = try EventTerms(event, adjacency: adjacency)
    let (low, high) = (epsilon.down, epsilon.up)
    var found: [(route: String, bounds: Bounds)] = []
    if let laws = ContourLaw.directions(of: terms, reach: LossDistributionAccountant.contourReach) {
      for (name, accuracy, aim) in [("contour", tolerance, low), ("finer contour", tolerance / 50, low * 1.07)] {
        var (lower, upper, whole) = (-Double.infinity, -Double.infinity, true)
        for law in laws {
          guard let plan = ContourPlan(law, .epsilon(aim), accuracy: accuracy), let profile = ContourProfile(law, plan)
          else {
            whole = false
            continue
          }
          lower = Swift.max(lower, profile.lowerLogDelta(high))
          upper = Swift.max(upper, profile.upperLogDelta(low))
        }
        if whole { found.append((name, LossDistributionAccountant.bounds(lower, upper))) }
      }
      let finite = laws.compactMap { $0.atoms.flatMap { AtomicComposition($0) } }
      if finite.count == laws.count {
        let lower = finite.map { $0.lowerLogDelta(high) }.max() ?? -.infinity
        let upper = finite.map { $0.upperLogDelta(low) }.max() ?? 0
        found.append(("finite", LossDistributionAccountant.bounds(lower, upper)))
      }
    }
    for (name, refinement) in [("grid", 1.0), ("finer grid", 3)] {
      guard let profiles = try? profiles(terms, .epsilon(low), logDelta: -120, refinement: refinement) else { continue }
      let lower = profiles.map { $0.lowerLogDelta(high) }.max() ?? -.infinity
      let upper = profiles.map { $0.upperLogDelta(low) }.max() ?? 0
      found.append((name, LossDistributionAccountant.bounds(lower, upper)))
    }
    return found
  }

  private static func bounds(_ lower: Double, _ upper: Double) -> Bounds {
    let (bottom, top) = (Interval(lower).exponential.low, Swift.min(1, Interval(upper).exponential.high))
    // Kept as they are: a caller compares them.
    return Bounds(lower: bottom > top ? nil : bottom, upper: bottom > top ? 0 : top)
  }

  /// One enclosed profile per direction of adjacency.
  private func profiles(
    _ terms: EventTerms, _ question: TiltPlan.Question, logDelta: Double, refinement: Double = 1
  ) throws(AccountingError) -> [TiltedProfile] {
    let total = terms.terms.reduce(0.0) { $0 + Double($1.count) }
    guard total <= 1e9 else {
      throw AccountingError(.unsupportedEvent, "loss distributions take at most 10^9 repetitions")
    }
    let reach = (2 * (27 - logDelta + Glibc.log(total))).squareRoot()
    guard reach < 37.5 else {
      throw AccountingError(.unsupportedEvent, "delta is too small for loss distributions in double precision")
    }
    let builder = LossCellBuilder(reach: reach)
    let step = try chosenStep(terms, question, builder, total, refinement)
    let compositions = try LossDistributionAccountant.compositions(terms, builder, step)
    return compositions.map { TiltedProfile($0, TiltPlan($0, question)) }
  }

  /// The compositions of both directions; one when all events are symmetric.
  private static func compositions(
    _ terms: EventTerms, _ builder: LossCellBuilder, _ step: Double
  ) throws(AccountingError) -> [LossComposition] {
    var pairs: [(cells: [LossCells], count: Int)] = []
    for term in terms.terms { pairs.append((try builder.pair(of: term.event, step: step), term.count)) }
    let directions = pairs.map(\.cells.count).max() ?? 1
    return (0..<directions).map { direction in
      LossComposition(pairs.map { ($0.cells[Swift.min(direction, $0.cells.count - 1)], $0.count) }, step: step)
    }
  }

  /// The grid step: discretisation widens every loss by a variance of about h²/6 above and below, which moves ε by
  /// T(λ + 1)h²/12 either way.
  private func chosenStep(
    _ terms: EventTerms, _ question: TiltPlan.Question, _ builder: LossCellBuilder, _ total: Double,
    _ refinement: Double
  ) throws(AccountingError) -> Double {
    if terms.terms.count == 1, let spacing = LossCellBuilder.spacing(of: terms.terms[0].event) { return spacing }
    var widest = 0.0
    var narrowest = Double.infinity
    for term in terms.terms {
      let range = try builder.range(of: term.event)
      let span = Swift.max(range.upperBound - range.lowerBound, 1e-9)
      widest = Swift.max(widest, span)
      narrowest = Swift.min(narrowest, span)
    }
    let crude = widest / 400
    let lambda =
      try LossDistributionAccountant.compositions(terms, builder, crude)
      .map { TiltPlan($0, question).lambda }.max() ?? 1
    let fine = (6 * tolerance / (total * (lambda + 1))).squareRoot()
    return Swift.max(Swift.min(fine, widest / 2_000) / refinement, widest / Double(1 << 19), 1e-8)
  }

  private static func epsilon(_ profile: TiltedProfile, _ target: Interval) -> Bounds {
    let (bottom, top) = (Swift.max(0, profile.range.lowerBound), profile.range.upperBound)
    guard top > bottom else { return Bounds(lower: nil, upper: .infinity) }
    var upper = Double.infinity
    if profile.upperLogDelta(bottom) <= target.low {
      upper = bottom
    } else if profile.upperLogDelta(top) <= target.low {
      var (bad, good) = (bottom, top)
      while good - bad > good * 0x1p-46 {
        let middle = (good + bad) / 2
        if profile.upperLogDelta(middle) <= target.low { good = middle } else { bad = middle }
      }
      upper = good
    }
    // Far below the centre the error hides the profile, so the search starts at the upper bound and steps down.
    var lower = 0.0
    var bad = Swift.min(upper, top)
    var distance = 1e-6
    while bad - distance > bottom, profile.lowerLogDelta(bad - distance) <= target.high { distance *= 2 }
    var good = Swift.max(bottom, bad - distance)
    if profile.lowerLogDelta(good) > target.high {
      while bad - good > bad * 0x1p-40 {
        let middle = (good + bad) / 2
        if profile.lowerLogDelta(middle) > target.high { good = middle } else { bad = middle }
      }
      lower = good
    }
    return Bounds(lower: Swift.min(lower, upper), upper: upper)
  }
}
