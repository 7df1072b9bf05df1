import DifferentialPrivacy
import ExactMath
import SecureRandom

/// A source that follows one path through the tree of a sampler's random choices, and knows the path's probability.
///
/// A loop that starts over is back in the state it was in before, so its path ends there: the law of the loop is the
/// accepted masses in proportion. Exponential coins are leaves here, with certain bounds of their probability; their
/// own tree is ``SeriesTree``'s.
struct LoopTree: UniformSource {
  /// Masses are whole numbers of 2^−160.
  static let places = 160
  static let leastMass = BigWhole.one << (LoopTree.places - 74)

  private(set) var path: [(choice: Int, of: Int)] = []
  private(set) var depth = 0
  private(set) var low = BigWhole.one << LoopTree.places
  private(set) var high = BigWhole.one << LoopTree.places
  private var signs = 0
  private var uniforms = 0
  /// Whether a loop started over.
  private(set) var restarted = false
  /// Whether the path's mass fell below the least.
  private(set) var isCut = false

  var hasEnded: Bool { restarted || isCut }

  mutating func next() -> UInt64 { preconditionFailure("a reference sampler draws through its source's choices") }
  mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
    preconditionFailure("a reference sampler fills nothing")
  }

  private mutating func branch(_ count: Int) -> Int {
    if depth == path.count { path.append((0, count)) }
    depth += 1
    return path[depth - 1].choice
  }

  private mutating func weigh(_ factor: (low: BigWhole, high: BigWhole)) {
    low = (low * factor.low) >> LoopTree.places
    high = (high * factor.high) >> LoopTree.places + .one
    if high < LoopTree.leastMass { isCut = true }
  }

  private mutating func weigh(_ numerator: UInt64, _ denominator: UInt64) {
    let scaled = BigWhole(numerator) << LoopTree.places
    weigh((low: scaled / BigWhole(denominator), high: scaled / BigWhole(denominator) + .one))
  }

  mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
    uniforms += 1
    if !hasEnded, uniforms > 1 { restarted = true }
    if hasEnded { return Width(UInt64(0)) }
    let count = bound.narrow ?? 1
    let choice = branch(Int(count))
    weigh(1, count)
    return Width(UInt64(choice))
  }

  mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
    // The sign of a candidate, its first draw.
    signs += 1
    if !hasEnded, signs > 1 { restarted = true }
    if hasEnded { return false }
    let (a, b) = (numerator.narrow ?? 0, denominator.narrow ?? 1)
    let outcome = branch(2) == 0
    weigh(outcome ? a : b - a, b)
    return outcome
  }

  mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool {
    // These answers end every loop of the samplers.
    if hasEnded { return a < b }
    if a.big.isZero { return true }
    let bounds = ExactBounds.coin(a.big, over: b.big)
    let unit = BigWhole.one << LoopTree.places
    let outcome = branch(2) == 0
    weigh(outcome ? bounds : (low: unit - bounds.high, high: unit - bounds.low))
    return outcome
  }

  /// The masses of a law, in units of 2^−160.
  struct Law<Outcome: Hashable> {
    var accepted: [Outcome: (low: BigWhole, high: BigWhole)] = [:]
    var low = BigWhole.zero
    var high = BigWhole.zero
    var missing = BigWhole.zero
    var leaves = 0
  }

  /// Walks the whole tree, depth first.
  static func law<Outcome: Hashable>(_ body: (inout LoopTree) -> Outcome) -> Law<Outcome> {
    var law = Law<Outcome>()
    var path: [(choice: Int, of: Int)] = []
    while true {
      var tree = LoopTree()
      tree.path = path
      let outcome = body(&tree)
      law.leaves += 1
      if tree.isCut {
        law.missing = law.missing + tree.high
      } else if !tree.restarted {
        let old = law.accepted[outcome] ?? (low: .zero, high: .zero)
        law.accepted[outcome] = (low: old.low + tree.low, high: old.high + tree.high)
        law.low = law.low + tree.low
        law.high = law.high + tree.high
      }
      path = Array(tree.path.prefix(tree.depth))
      while let last = path.last, last.choice + 1 == last.of { path.removeLast() }
      guard let last = path.popLast() else { return law }
      path.append((last.choice + 1, last.of))
    }
  }
}

/// A source that answers the coins of the exponential series by a script and multiplies their exact probabilities.
struct SeriesTree: UniformSource {
  /// How many coins come up true before one fails.
  let successes: Int
  private(set) var coins = 0
  private(set) var mass = Rational.one

  init(successes: Int) { self.successes = successes }

  mutating func next() -> UInt64 { preconditionFailure("the series flips coins only") }
  mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) { preconditionFailure("the series flips coins only") }
  mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
    preconditionFailure("the series flips coins only")
  }

  mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
    let probability = ExactBounds.whole(numerator.big) / ExactBounds.whole(denominator.big)
    coins += 1
    let outcome = coins <= successes
    mass *= outcome ? probability : 1 - probability
    return outcome
  }
}
