private import Glibc

/// The privacy-loss distribution of one event, reduced to a grid of losses i·h without losing either of its two laws.
///
/// Cell i reaches from grid loss i·h to (i+1)·h. A mass p at loss ℓ inside it is split into `left` at the lower end and
/// `right` at the upper end so that the masses under both laws P and Q = e^(−ℓ)P are kept. Placing the shares at the
/// ends gives the connect-the-dots distribution (Doroshenko and others 2022), which dominates the exact one.
/// All masses are exact up to the relative error ``LossCells/slack``.
package struct LossCells: Sendable {
  /// The grid step h.
  let step: Double
  /// The grid index of the lower end of the first cell.
  var first: Int
  /// P-mass of each cell that belongs to its lower end.
  var left: [Double]
  /// P-mass of each cell that belongs to its upper end.
  var right: [Double]
  /// P-mass at infinite loss, or cut off; rounded up.
  var infinity: Double
  /// Whether the pair is attained by a mechanism that the event describes, so that lower bounds hold.
  var isTight = true

  /// A bound on how far the losses themselves are off: asking for δ moves by it, once for each repetition.
  var lossError = 0.0
  /// Absolute errors of shares that come from a difference of likelihood ratios, in the first cells of a sample.
  var blurs: [(cell: Int, left: Double, right: Double)] = []

  /// What the rounding of likelihood ratios near one is multiplied by, beyond the widest loss of the grid.
  var conditioning = 2.0

  /// Bounds the relative error of every mass: quadrature, exponentials and sums.
  ///
  /// The first part is that of quadrature and functions. The second is the rounding of a loss, at most eight units of its
  /// size and its conditioning, which a cell of width h magnifies by 1/h. Both are derived in the article on errors.
  var slack: Double {
    let widest = max(Double(abs(first)), Double(abs(first + left.count))) * step
    return 4e-12 + 2e-15 * (conditioning + widest) / step
  }

  init(step: Double, first: Int, count: Int) {
    self.step = step
    self.first = first
    left = [Double](repeating: 0, count: count)
    right = [Double](repeating: 0, count: count)
    infinity = 0
  }

  /// The cells of a finite list of atoms.
  init(step: Double, atoms: [(loss: Double, mass: Double)], infinity: Double = 0) {
    let lowest = atoms.map(\.loss).min() ?? 0
    let highest = atoms.map(\.loss).max() ?? 0
    let first = Int((lowest / step).rounded(.down)) - 1
    self.init(step: step, first: first, count: Int((highest / step).rounded(.up)) + 1 - first)
    self.infinity = infinity
    for atom in atoms { add(atom.mass, at: atom.loss) }
  }

  /// Adds an atom inside the grid.
  mutating func add(_ mass: Double, at loss: Double) {
    let cell = min(max(Int((loss / step).rounded(.down)) - first, 0), left.count - 1)
    // p = left + right and p·e^(−ℓ) = left·e^(−low) + right·e^(−low−h).
    let above = max(0, loss - Double(first + cell) * step)
    let share = min(1, Glibc.expm1(-above) / Glibc.expm1(-step))
    right[cell] += mass * share
    left[cell] += mass * (min(1, Glibc.expm1(max(0, step - above)) / Glibc.expm1(step)))
  }

  /// The pair with P and Q swapped: the loss changes sign and masses become those of Q.
  ///
  /// `infinity` is what the swapped pair puts at infinity or cut off.
  func swapped(infinity: Double) -> LossCells {
    var result = LossCells(step: step, first: -(first + left.count), count: left.count)
    result.infinity = infinity
    result.isTight = isTight
    result.conditioning = conditioning
    result.lossError = lossError
    for blur in blurs {
      let low = Double(first + blur.cell) * step
      result.blurs.append(
        (left.count - 1 - blur.cell, blur.right * Glibc.exp(-low - step), blur.left * Glibc.exp(-low)))
    }
    for cell in left.indices {
      let low = Double(first + cell) * step
      let mirrored = left.count - 1 - cell
      result.right[mirrored] = left[cell] == 0 ? 0 : left[cell] * Glibc.exp(-low)
      result.left[mirrored] = right[cell] == 0 ? 0 : right[cell] * Glibc.exp(-low - step)
    }
    return result
  }

  /// Masses on grid points `first … first + count` of a distribution that dominates the event.
  var upper: [Double] {
    var masses = [Double](repeating: 0, count: left.count + 1)
    for cell in left.indices {
      masses[cell] += left[cell]
      masses[cell + 1] += right[cell]
    }
    for blur in blurs {
      masses[blur.cell] += blur.left
      masses[blur.cell + 1] += blur.right
    }
    // A mass that is no number stands for any mass; comparisons further on would take it for none.
    return masses.map { $0.isNaN ? .infinity : $0 * (1 + slack) }
  }

  /// Masses on the same grid points of a distribution that the event dominates.
  ///
  /// Each cell gives a share to either end. At grid loss ε the share from the right has excess loss, the share from the
  /// left a deficit. Where the excess covers the deficit, merging both (post-processing) gives a loss of at least ε, and
  /// rounding that down to ε is again a loss of privacy loss only. Shares are solved from both ends towards the bulk,
  /// where the recursion is stable, so that excess and deficit agree almost everywhere.
  ///
  /// Excess and deficit are known up to the slack, which the comparison allows for; less mass is dominated by more.
  var lower: [Double] {
    if !blurs.isEmpty {
      var sharp = self
      for blur in blurs {
        sharp.left[blur.cell] = max(0, left[blur.cell] - blur.left)
        sharp.right[blur.cell] = max(0, right[blur.cell] - blur.right)
      }
      sharp.blurs = []
      return sharp.lower
    }
    let count = left.count
    let growth = Glibc.exp(step)
    guard slack < 1 else { return [Double](repeating: 0, count: count + 1) }
    let safety = (1 + 1e-10) * (1 + slack) / (1 - slack)
    var mode = 0
    for cell in left.indices where left[cell] + right[cell] > left[mode] + right[mode] { mode = cell }
    // leftShare[i] is the share of cell i that goes to its lower end.
    var leftShare = [Double](repeating: 1, count: count)
    var carried = 0.0
    for cell in 0...mode {
      // What cell − 1 sends up must be covered: leftShare·right ≥ carried·left′·e^h.
      let deficit = cell == 0 ? 0 : carried * left[cell - 1] * growth * safety
      leftShare[cell] = deficit == 0 ? 0 : (right[cell] > 0 ? min(1, deficit / right[cell]) : 1)
      carried = 1 - leftShare[cell]
    }
    var wanted = 0.0
    var upward = [Double](repeating: 0, count: count)
    for cell in stride(from: count - 1, through: mode, by: -1) {
      upward[cell] = wanted
      // The excess that cell offers to its lower end may cover that much from the cell below.
      let excess = (1 - wanted) * right[cell]
      guard cell > mode else { break }
      let below = left[cell - 1] * growth * safety
      wanted = below > 0 ? min(1, excess / below) : 1
    }
    for cell in mode..<count {
      let up = cell == mode ? min(upward[cell], 1 - leftShare[cell]) : upward[cell]
      leftShare[cell] = 1 - up
    }
    return placedShares(leftShare, growth: growth, safety: safety)
  }

  /// Puts the shares on the grid, sending down whatever is not covered.
  private func placedShares(_ leftShare: [Double], growth: Double, safety: Double) -> [Double] {
    var masses = [Double](repeating: 0, count: left.count + 1)
    var up = 0.0
    for cell in 0...left.count {
      let share = cell < left.count ? leftShare[cell] : 0
      if cell > 0 {
        let below = left[cell - 1] + right[cell - 1]
        let offered = cell < left.count ? share * right[cell] : 0
        let deficit = up * left[cell - 1] * growth * safety
        // Only the covered part may rise to this grid point; the rest is rounded down to the cell's lower end.
        let covered = deficit <= offered ? up : (deficit > 0 ? up * (offered / deficit) * (1 - 1e-15) : up)
        masses[cell] += covered * below
        masses[cell - 1] += (up - covered) * below
      }
      if cell < left.count {
        masses[cell] += share * (left[cell] + right[cell])
        up = 1 - share
      }
    }
    // Where the slack is larger than the masses nothing is known of them, and no mass is negative.
    return masses.map { $0 * max(0, 1 - slack) }
  }
}
