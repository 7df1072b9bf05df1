import DifferentialPrivacy
import SecureRandom

/// A source that follows one path through the random choices of a selection, with the path's probability.
struct ChoiceTree: UniformSource {
  /// Masses are whole numbers of 2^−160, rounded down.
  static let one = BigWhole.one << 160

  private(set) var path: [(choice: Int, of: Int)]
  private(set) var depth = 0
  private(set) var mass = ChoiceTree.one
  /// Whether the selection drew a second index, which is the first attempt's state again.
  private(set) var hasRestarted = false
  private let drawsOneIndex: Bool
  private var indices = 0

  init(path: [(choice: Int, of: Int)], drawsOneIndex: Bool) {
    self.path = path
    self.drawsOneIndex = drawsOneIndex
  }

  mutating func next() -> UInt64 { preconditionFailure("a selection draws through its source's choices") }
  mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) { preconditionFailure("a selection fills nothing") }

  private mutating func branch(_ count: Int) -> Int {
    if depth == path.count { path.append((0, count)) }
    depth += 1
    return path[depth - 1].choice
  }

  mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
    indices += 1
    if drawsOneIndex, indices > 1 { hasRestarted = true }
    if hasRestarted { return Width(UInt64(0)) }
    let count = bound.narrow ?? 1
    let choice = branch(Int(count))
    mass = mass / BigWhole(count)
    return Width(UInt64(choice))
  }

  mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
    preconditionFailure("a selection flips exponential coins only")
  }

  mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool {
    if hasRestarted || a.big.isZero { return true }
    let low = ExactBounds.coin(a.big, over: b.big).low
    let outcome = branch(2) == 0
    mass = (mass * (outcome ? low : ChoiceTree.one - low)) >> 160
    return outcome
  }

  /// The probabilities of all choices among `count`; of a loop that starts over, those of its last attempt.
  static func law(_ count: Int, drawsOneIndex: Bool, _ body: (inout ChoiceTree) -> Int) -> [BigWhole] {
    var at = [BigWhole](repeating: .zero, count: count)
    var path: [(choice: Int, of: Int)] = []
    while true {
      var tree = ChoiceTree(path: path, drawsOneIndex: drawsOneIndex)
      let choice = body(&tree)
      if !tree.hasRestarted { at[choice] = at[choice] + tree.mass }
      path = Array(tree.path.prefix(tree.depth))
      while let last = path.last, last.choice + 1 == last.of { path.removeLast() }
      guard let last = path.popLast() else {
        let total = at.reduce(.zero, +)
        return at.map { ($0 << 160) / total }
      }
      path.append((last.choice + 1, last.of))
    }
  }
}
