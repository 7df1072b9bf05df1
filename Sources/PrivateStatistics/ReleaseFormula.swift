import DifferentialPrivacy
import ExactMath
import Glibc

/// Noisy integers turned into answers and intervals: post-processing, from public numbers only.
struct ReleaseFormula {
  let plan: NoisePlan
  let query: Query
  /// Whether the integers carry no noise, so that every interval is a point.
  let noiseFree: Bool
  /// What the consistent estimates of a hierarchy miss the truth by, in steps: one list for each part, by the node.
  private let treeReach: [[Double]]
  /// What running totals of so many blocks, less one, miss the truth by: one list for each part.
  private let totalReach: [[Int128]]
  /// What the answers of each metric are made of.
  private let families: [Family]
  /// The chance that an interval misses.
  static let miss = 0.05

  init(plan: NoisePlan, query: Query, noiseFree: Bool = false) {
    self.plan = plan
    self.query = query
    self.noiseFree = noiseFree
    families = query.metrics.enumerated().map { index, metric in
      Family(metric, plan.parts.filter { $0.metric == index }, noiseFree: noiseFree)
    }
    if let tree = plan.tree {
      // The rounding to thousandths moves an estimate by at most half of one on the top and one more on every level.
      let rounding = Double(tree.levels) / GroupTree.fraction.double
      let variances = tree.variances.final
      treeReach = plan.parts.map { part in
        var known: [Double: Double] = [:]
        return variances.map { variance in
          if noiseFree { return 0 }
          if let width = known[variance] { return width }
          let width = part.law.combinationBound(variance: variance, miss: ReleaseFormula.miss) + rounding
          known[variance] = width
          return width
        }
      }
    } else {
      treeReach = []
    }
    guard let totals = plan.totals else {
      totalReach = []
      return
    }
    totalReach = plan.parts.map { part in
      (1...totals.mostTerms).map { noiseFree ? 0 : Int128(part.sumBound(terms: $0, ReleaseFormula.miss)) }
    }
  }

  /// The noisy integers of one metric and what their noises exceed too seldom to matter: the same in every group.
  private struct Family {
    let metric: Metric
    let parts: [NoisePart]
    /// One for each part.
    let reach: [Int]
    /// One for each share that a quantile metric asks for.
    let quantiles: [QuantileReach]

    init(_ metric: Metric, _ parts: [NoisePart], noiseFree: Bool) {
      self.metric = metric
      self.parts = parts
      // Where an answer reads several integers, all their bounds hold together (a union bound).
      let miss =
        switch metric.kind {
        case .vectorSum: ReleaseFormula.miss
        case .bounds: LogarithmicBins.miss / Double(parts[0].width)
        default: ReleaseFormula.miss / Double(parts.count)
        }
      reach = parts.map { noiseFree ? 0 : Int($0.errorBound(miss)) }
      quantiles = metric.shares.map {
        QuantileReach(noiseFree ? nil : parts[0].law, share: $0, miss: ReleaseFormula.miss)
      }
    }
  }

  /// The answers of one group.
  func values(_ cells: ArraySlice<Int128>, group: Int) -> [ReleasedValue] {
    if let totals = plan.totals {
      let blocks = totals.terms(ofGroup: group)
      return zip(plan.parts, totalReach).map { part, reach in
        exact(cells[cells.startIndex + part.offset], reach[blocks - 1], query.metrics[part.metric])
      }
    }
    var result: [ReleasedValue] = []
    for family in families { result += values(family, Array(cells)) }
    return result
  }

  /// The answers of one node of a hierarchy.
  func values(_ cells: [Int128], node: Int) -> [ReleasedValue] {
    zip(plan.parts, treeReach).flatMap { part, reach in
      let step = (query.metrics[part.metric].grid?.step ?? 1) / Rational(GroupTree.fraction)
      let width = Int128((reach[node] * GroupTree.fraction.double).rounded(.up))
      return (0..<part.width).map { cell in
        let value = cells[part.offset + cell]
        let texts = [value, value - width, value + width].map { (Rational($0) * step).decimalDescription }
        return ReleasedValue(text: texts[0], low: texts[1], high: texts[2])
      }
    }
  }

  private func values(
    _ family: Family, _ cells: [Int128]
  ) -> [ReleasedValue] {
    let (metric, parts, reach) = (family.metric, family.parts, family.reach)
    switch metric.kind {
    case .count, .units, .histogram:
      return (0..<parts[0].width).map { exact(cells[parts[0].offset + $0], reach[0], metric) }
    case .sum, .vectorSum:
      return zip(parts, reach).map { exact(cells[$0.offset], $1, metric) }
    case .bounds:
      let counts = (0..<parts[0].width).map { Int(clamping: cells[parts[0].offset + $0]) }
      return LogarithmicBins.answers(counts, threshold: reach[0])
    case .mean, .variance, .deviation:
      guard let grid = metric.grid else { return [] }
      let noisy = zip(parts, reach).map { part, reach in
        Noisy(value: cells[part.offset].double, reach: Double(reach))
      }
      return [moments(metric.kind, noisy, grid)]
    case .covariance, .regression:
      guard let grid = metric.grid, let otherGrid = metric.otherGrid else { return [] }
      let noisy = zip(parts, reach).map { part, reach in
        PairFormula.Noisy(value: cells[part.offset].double, reach: Double(reach))
      }
      let formula = PairFormula(noisy, grid, otherGrid)
      return metric.kind == .covariance ? [formula.covariance] : [formula.slope, formula.intercept]
    case .quantile, .median, .minimum, .maximum:
      guard let grid = metric.grid else { return [] }
      let tree = QuantileTree(
        nodes: Array(cells[parts[0].offset..<(parts[0].offset + parts[0].width)]),
        law: noiseFree ? nil : parts[0].law, grid: grid)
      if metric.kind == .minimum { return [tree.least(miss: ReleaseFormula.miss)] }
      if metric.kind == .maximum { return [tree.greatest(miss: ReleaseFormula.miss)] }
      return zip(metric.shares, family.quantiles).map { tree.quantile($0, reach: $1) }
    }
  }

  /// A count or a sum: whole steps, printed exactly.
  private func exact(_ value: Int128, _ reach: some BinaryInteger, _ metric: Metric) -> ReleasedValue {
    let step = metric.grid?.step ?? 1
    let ends = [value, value - Int128(reach), value + Int128(reach)].map { Rational($0) * step }
    guard metric.postProcessing != .none else {
      let texts = ends.map(\.decimalDescription)
      return ReleasedValue(text: texts[0], low: texts[1], high: texts[2])
    }
    let shown = metric.postProcessing.apply(ends[0])
    let low = metric.postProcessing.isNonNegative ? max(ends[1], 0) : ends[1]
    return ReleasedValue(
      text: shown.decimalDescription, low: min(low, shown).decimalDescription,
      high: max(ends[2], shown).decimalDescription)
  }

  /// A noisy sum with the distance that its noise exceeds too seldom to matter.
  private struct Noisy {
    let value: Double
    let reach: Double
  }

  /// A mean, variance or standard deviation from a count, a sum and a sum of squares around the middle of the range.
  ///
  /// All intervals of the parts hold together with the promised probability (a union bound), and the answer's
  /// interval is what the parts allow, cut to what is possible at all.
  private func moments(_ kind: Metric.Kind, _ parts: [Noisy], _ grid: ValueGrid) -> ReleasedValue {
    let step = grid.step.doubleValue
    let least = Double(grid.lowest - grid.middle)
    let most = Double(grid.highest - grid.middle)
    let first = ratio(parts[1], parts[0], least, most)
    if kind == .mean {
      let middle = (grid.step * Rational(grid.middle)).doubleValue
      // One unit in the last place outward covers the rounding; the range itself is certain.
      return ReleasedValue(
        text: "\(middle + first.value * step)",
        low: "\(max((middle + first.low * step).nextDown, grid.low.doubleRoundedDown))",
        high: "\(min((middle + first.high * step).nextUp, grid.high.doubleRoundedUp))")
    }
    let radius = max(-least, most)
    let second = ratio(parts[2], parts[0], 0, radius * radius)
    let spread = (most - least) * (most - least) / 4
    let smallest = first.low <= 0 && first.high >= 0 ? 0 : min(first.low * first.low, first.high * first.high)
    let largest = max(first.low * first.low, first.high * first.high)
    func answer(_ variance: Double) -> Double {
      let clamped = min(max(variance, 0), spread)
      return kind == .variance ? clamped * step * step : clamped.squareRoot() * step
    }
    return ReleasedValue(
      text: "\(answer(second.value - first.value * first.value))",
      low: "\(max(0, answer(second.low - largest).nextDown))", high: "\(answer(second.high - smallest).nextUp)")
  }

  /// A noisy sum over a noisy count, and where the true ratio may lie; everything when the count may be 0.
  private func ratio(
    _ sum: Noisy, _ count: Noisy, _ least: Double, _ most: Double
  ) -> (value: Double, low: Double, high: Double) {
    func clamp(_ value: Double) -> Double { min(max(value, least), most) }
    let value = clamp(sum.value / max(1, count.value))
    let fewest = max(1, count.value - count.reach)
    let fullest = max(fewest, count.value + count.reach)
    guard count.value - count.reach > 0 else { return (value, least, most) }
    let low = sum.value - sum.reach
    let high = sum.value + sum.reach
    return (
      value, clamp(low / (low < 0 ? fewest : fullest)), clamp(high / (high < 0 ? fullest : fewest))
    )
  }
}

extension Rational {
  /// A wide integer, exactly.
  init(_ value: Int128) {
    let top = Rational(Int(truncatingIfNeeded: value >> 64))
    let low = UInt64(truncatingIfNeeded: value)
    let bottom = Rational(Int(low >> 1)) * 2 + Rational(Int(low & 1))
    self = top * Rational(1 << 32) * Rational(1 << 32) + bottom
  }
}

extension Int128 {
  /// The value as a double, at most one unit in the last place off; the standard conversion is a hundred times slower.
  var double: Double {
    let size = magnitude
    let value =
      Double(UInt64(truncatingIfNeeded: size >> 64)) * 18_446_744_073_709_551_616
      + Double(UInt64(truncatingIfNeeded: size))
    return self < 0 ? -value : value
  }
}
