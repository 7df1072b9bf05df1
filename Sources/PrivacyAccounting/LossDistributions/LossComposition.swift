private import ExactMath
private import Glibc

/// Grid distributions of single events with their multiplicities, all on one grid, in one direction of adjacency.
struct LossComposition {
  struct Part {
    let first: Int
    let upper: [Double]
    let lower: [Double]
    let count: Int
  }

  let step: Double
  let parts: [Part]
  /// What is to be added to the losses of the dominated law.
  let lowerOffset: Double
  /// A bound on the total mass at infinite loss or cut off.
  let infinity: Double
  /// Whether lower bounds hold.
  let isTight: Bool
  /// A bound on how far composed losses are off.
  let lossError: Double

  init(_ cells: [(cells: LossCells, count: Int)], step: Double) {
    self.step = step
    var offset = 0.0
    parts = cells.map { entry in
      let placed = entry.cells.placed(count: Double(entry.count))
      let moved = placed.offset * Double(entry.count)
      offset += moved - 0x1p-51 * (moved.magnitude + offset.magnitude)
      return Part(first: entry.cells.first - 2, upper: placed.upper, lower: placed.lower, count: entry.count)
    }
    lowerOffset = offset
    infinity = cells.reduce(0) { $0 + $1.cells.infinity * Double($1.count) } * (1 + 1e-12)
    isTight = cells.allSatisfy { $0.cells.isTight }
    lossError = cells.reduce(0) { $0 + $1.cells.lossError * Double($1.count) } * (1 + 1e-12)
  }

  /// ln Σ m·e^(λℓ) summed over all parts with multiplicity, for the upper masses.
  func cumulant(_ lambda: Double) -> Double {
    parts.reduce(0) { $0 + Double($1.count) * LossComposition.logSum($1.upper, first: $1.first, lambda * step) }
  }

  /// The largest size of a loss on the grid.
  var widest: Double {
    parts.reduce(0) { Swift.max($0, Double(abs($1.first)), Double(abs($1.first + $1.upper.count))) } * step
  }

  static func logSum(_ masses: [Double], first: Int, _ rate: Double) -> Double {
    // The largest exponent is at one of the ends that hold mass.
    guard let low = masses.firstIndex(where: { $0 > 0 }), let high = masses.lastIndex(where: { $0 > 0 }) else {
      return -.infinity
    }
    let shift = Swift.max(rate * Double(first + low), rate * Double(first + high))
    // Summed with its rounding carried along (Neumaier 1974), so that the number of terms does not matter.
    var (sum, carried) = (0.0, 0.0)
    for (index, mass) in masses.enumerated() where mass > 0 {
      let term = mass * Glibc.exp(rate * Double(first + index) - shift)
      let next = sum + term
      carried += sum >= term ? (sum - next) + term : (term - next) + sum
      sum = next
    }
    sum += carried
    return Glibc.log(sum) + shift
  }

  /// The composition in fewer grid points, for choosing λ and the window only.
  func coarsened(to limit: Int) -> LossComposition {
    guard let longest = parts.map(\.upper.count).max(), longest > limit else { return self }
    let factor = (longest + limit - 1) / limit
    let coarse = parts.map { part in
      let first = Int((Double(part.first) / Double(factor)).rounded(.down))
      let last = Int((Double(part.first + part.upper.count) / Double(factor)).rounded(.up))
      var masses = [Double](repeating: 0, count: last - first + 1)
      for (index, mass) in part.upper.enumerated() {
        // Split between the two coarse neighbours so that the mean stays.
        let position = Double(part.first + index) / Double(factor)
        let low = Int(position.rounded(.down))
        let share = position - Double(low)
        masses[low - first] += mass * (1 - share)
        masses[low - first + 1] += mass * share
      }
      return Part(first: first, upper: masses, lower: masses, count: part.count)
    }
    return LossComposition(
      step: step * Double(factor), parts: coarse, lowerOffset: lowerOffset, infinity: infinity, isTight: isTight,
      lossError: lossError)
  }

  private init(
    step: Double, parts: [Part], lowerOffset: Double, infinity: Double, isTight: Bool, lossError: Double
  ) {
    self.lossError = lossError
    self.step = step
    self.parts = parts
    self.lowerOffset = lowerOffset
    self.infinity = infinity
    self.isTight = isTight
  }
}
