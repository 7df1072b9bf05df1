import DifferentialPrivacy
import ExactMath
import SecureRandom

/// A source that follows one path through the tree of a mechanism's draws, with the path's exact probability.
///
/// Paths whose probability falls below `least` are cut: from there on coins fail and uniform numbers are zero, which
/// ends every loop of the mechanisms.
struct ExactTree: UniformSource {
  fileprivate var path: [(choice: Int, of: Int)] = []
  fileprivate var depth = 0
  fileprivate var mass = Rational.one
  fileprivate var cut: Rational?
  fileprivate let least: Rational

  /// Whether the path has been cut.
  var isCut: Bool { cut != nil }

  mutating func next() -> UInt64 { 0 }
  mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {}

  private mutating func branch(_ count: Int) -> Int? {
    if cut == nil, mass < least { cut = mass }
    if cut != nil { return nil }
    if depth == path.count { path.append((0, count)) }
    depth += 1
    return path[depth - 1].choice
  }

  mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
    let count = Int(bound.narrow ?? 1)
    guard count > 1, let choice = branch(count) else { return Width(UInt64(0)) }
    mass = mass / Rational(count)
    return Width(UInt64(choice))
  }

  mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
    let probability = Rational(Int(numerator.narrow ?? 0)) / Rational(Int(denominator.narrow ?? 1))
    if probability.signum == 0 { return false }
    if probability == 1 { return true }
    guard let choice = branch(2) else { return false }
    mass *= choice == 0 ? probability : 1 - probability
    return choice == 0
  }

  /// The exact probability of every outcome, short of the mass of the paths that were cut.
  static func law<Outcome: Hashable>(
    least: Rational = .zero, _ body: (inout ExactTree) -> Outcome
  ) -> (law: [Outcome: Rational], missing: Rational) {
    var law: [Outcome: Rational] = [:]
    var missing = Rational.zero
    var path: [(choice: Int, of: Int)] = []
    while true {
      var tree = ExactTree(path: path, least: least)
      let outcome = body(&tree)
      if tree.isCut { missing += tree.mass } else { law[outcome, default: .zero] += tree.mass }
      path = Array(tree.path.prefix(tree.depth))
      while let last = path.last, last.choice + 1 == last.of { path.removeLast() }
      guard let last = path.popLast() else { return (law, missing) }
      path.append((last.choice + 1, last.of))
    }
  }
}
