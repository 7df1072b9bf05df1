import ExactMath

/// Running totals over the declared steps of a time column, by the tree of partial sums.
///
/// Chan, Shi and Song (2011); Dwork, Naor, Pitassi and Rothblum (2010). Step t, counted from 1, owns the block of the
/// last ℓ steps up to it, ℓ the largest power of two that divides t (Fenwick 1994). Every block gets noise once. The
/// total after t steps is the sum of as many blocks as t has ones in binary, so its noise grows with the root of log₂ T
/// where adding up noisy steps grows with that of T. Every combination of the other columns' keys has its own tree.
///
/// **Sensitivity.** Blocks of one length do not overlap, and there are ⌊log₂ T⌋ + 1 lengths: one step lies in at most
/// that many blocks, and step 1 lies in so many. A unit changes the sums of at most k groups, each by at most c, so it
/// changes the blocks of one length by at most kc in L1, all blocks by `levels`·kc. In L2 a unit's steps may share a
/// block, whose change is then their sum: a block of length ℓ holds m ≤ min(k, ℓ) of the groups, since the groups of one
/// tree are different steps. With the m of all blocks of one length adding up to k at most, Σm² is greatest when as many
/// blocks as possible are full (m² is convex): ⌊k/m⌋m² + (k mod m)² for m = min(k, ℓ). ``squares(groups:)`` adds that up
/// over the lengths.
struct RunningTotals: Sendable {
  /// The time column.
  let column: String
  /// The number of steps.
  let steps: Int
  /// How far apart the groups of neighbouring steps are.
  private let stride: Int

  /// The most steps.
  static let mostSteps = 1 << 20

  /// The totals that a query asks for, if it does.
  init?(_ query: Query) {
    guard let column = query.continual, let place = query.groupBy.firstIndex(where: { $0.column == column }) else {
      return nil
    }
    self.column = column
    steps = query.groupBy[place].keys.count
    stride = query.groupBy[(place + 1)...].reduce(1) { $0 * $1.keys.count }
  }

  /// The number of block lengths: of blocks that one step can change.
  var levels: Int { Int.bitWidth - steps.leadingZeroBitCount }

  /// The most blocks behind one total.
  var mostTerms: Int { max(levels - 1, steps.nonzeroBitCount) }

  /// The square of the L2 change of all blocks when the sums of this many groups change by 1.
  func squares(groups: Int) -> Rational {
    (0..<levels).reduce(Rational.zero) { sum, level in
      let shared = min(groups, 1 << level)
      return sum + Rational(groups / shared * shared * shared + (groups % shared) * (groups % shared))
    }
  }

  /// The blocks behind a group's total.
  func terms(ofGroup group: Int) -> Int { step(ofGroup: group).nonzeroBitCount }

  /// The step of a group, from 1.
  private func step(ofGroup group: Int) -> Int { group / stride % steps + 1 }

  /// The blocks' sums from the groups' sums: a block's sum is added to the next longer one that holds it.
  func blocks(_ sums: [Int128]) -> [Int128] {
    var result = sums
    for group in result.indices {
      let step = step(ofGroup: group)
      let length = step & -step
      if step + length <= steps { result[group + length * stride] += result[group] }
    }
    return result
  }

  /// The totals from the blocks: a block and the total before it.
  func totals(_ blocks: [Int128]) -> [Int128] {
    var result = blocks
    for group in result.indices {
      let step = step(ofGroup: group)
      let length = step & -step
      if step > length { result[group] += result[group - length * stride] }
    }
    return result
  }
}
