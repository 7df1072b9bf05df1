private import Glibc

extension LossCells {
  /// Grid masses of a law that dominates and of one that is dominated.
  struct Placement {
    /// Masses on grid points `first − 2 … first + count + 2`.
    var upper: [Double]
    var lower: [Double]
    /// What is to be added to the losses of the dominated law.
    var offset: Double
  }

  /// The masses for `count` repetitions.
  ///
  /// Where few cells hold much of the mass, as when few units are sampled, rounding what is left over at the bulk down to
  /// a grid point would cost up to h a step. The dominated law then has a grid of its own, moved so that little is lost:
  /// every cell is merged into one outcome, of loss ln(P/Q) of its masses (post-processing), and the outcomes are placed on
  /// the moved grid like any others. The move is found by trial; every move gives a dominated law.
  func placed(count: Double) -> Placement {
    let padding = [0.0, 0.0]
    var best = Placement(upper: padding + upper + padding, lower: padding + lower + padding, offset: 0)
    let (masses, losses) = merged
    let mean = zip(masses, losses).reduce(0) { $0 + $1.0 * $1.1 }
    func lost(_ placement: Placement) -> (mean: Double, peak: Double) {
      var (sum, peak) = (0.0, 0.0)
      for (index, mass) in placement.lower.enumerated() {
        sum += mass * (Double(first - 2 + index) * step + placement.offset)
        peak = Swift.max(peak, mass)
      }
      return (mean - sum, peak)
    }
    // Moving the grid up by what is lost at the bulk gains as much, until the bulk is passed; then less is tried.
    var (least, peak) = lost(best)
    var (offset, left, share) = (0.0, least, 0.99)
    guard least * count > 2e-6, peak > 0.02, masses.count < 1 << 15 else { return best }
    for eighths in 1...7 {
      let candidate = moved(masses, losses, by: step * Double(eighths) / 8)
      let (loss, top) = lost(candidate)
      if loss < least { (best, least) = (candidate, loss) }
      if loss < left { (offset, left, peak) = (candidate.offset, loss, top) }
    }
    for _ in 0..<9 {
      guard least * count > 2e-6, left > 0 else { break }
      let move = share * left / peak
      let candidate = moved(masses, losses, by: offset + move > step ? offset + move - step : offset + move)
      let (loss, top) = lost(candidate)
      if loss < least { (best, least) = (candidate, loss) }
      if loss < left * Swift.max(0.5, 1.5 * (1 - share)) {
        (offset, left, peak) = (offset + move, loss, top)
        share = 0.99
      } else {
        share = 1 - (1 - share) * 4
        if share < 0.3 { break }
      }
    }
    return best
  }

  /// The mass of every cell and ln(P/Q) of it.
  private var merged: (masses: [Double], losses: [Double]) {
    let decay = Glibc.expm1(-step)
    var (low, high) = (left, right)
    var (masses, losses) = (left, left)
    // Where shares are known up to an absolute error, the least loss counts, and the least mass.
    for blur in blurs {
      low[blur.cell] += blur.left
      high[blur.cell] = Swift.max(0, high[blur.cell] - blur.right)
    }
    for cell in left.indices {
      masses[cell] = low[cell] + high[cell]
      // P = l + r and Q = e^(−low)(l + r·e^(−h)), so P/Q = e^(low)/(1 − (r/P)(1 − e^(−h))).
      let share = masses[cell] > 0 ? high[cell] / masses[cell] : 0
      losses[cell] = Double(first + cell) * step - Glibc.log1p(share * decay)
    }
    for blur in blurs { masses[blur.cell] = Swift.max(0, masses[blur.cell] - 2 * blur.left) }
    return (masses, losses)
  }

  private func moved(_ masses: [Double], _ losses: [Double], by offset: Double) -> Placement {
    var cells = LossCells(step: step, first: first - 2, count: left.count + 4)
    cells.conditioning = conditioning + 16
    // Relative errors s of both shares of a cell move its merged loss by at most s·h.
    let margin = slack * step
    for cell in masses.indices where masses[cell] > 0 {
      let loss = losses[cell] - offset
      cells.add(masses[cell], at: loss - margin - 0x1p-50 * (1 + losses[cell].magnitude))
    }
    let keep = Swift.max(0, 1 - slack)
    return Placement(
      upper: [0, 0] + upper + [0, 0], lower: cells.lower.map { $0 * keep }, offset: offset)
  }
}
