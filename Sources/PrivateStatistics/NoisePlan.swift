import ExactMath
import PrivacyAccounting

/// One family of integers that a release adds noise to: for every group `width` cells, all with the same noise.
struct NoisePart: Sendable {
  /// What the cells hold.
  enum Role: Sendable, Hashable {
    case rows, units, sum, centred, squares, products, bins, tree
  }

  /// The metric the cells belong to.
  let metric: Int
  let role: Role
  /// The first cell within a group.
  let offset: Int
  /// The cells of one group.
  let width: Int
  /// Which of a row's values the cells read.
  let slots: [Int]
  /// The part's share of ε; for Gaussian noise its share of the metrics' ε.
  let epsilon: Rational
  /// The noise on all cells of all groups together.
  let law: NoiseLaw
  /// The mechanism on one cell, for its figures.
  let single: NoiseSampler
  /// What the part costs.
  let event: PrivacyEvent

  /// A width that the noise on one cell exceeds with probability at most `miss`.
  func errorBound(_ miss: Double) -> Double { Double(single.errorBound(confidence: 1 - miss)) }

  /// The scale of the noise: a Laplace scale or σ, in steps.
  var scale: Rational {
    switch law {
    case .laplace(let scale, _): scale
    case .gaussian(let variance, _):
      variance.squareRoot ?? Rational(exactly: single.standardDeviation) ?? variance
    }
  }
}

/// Everything a release will do, fixed by the query alone, before any data.
///
/// **Sensitivity.** A unit reaches at most L₀ groups with at most L∞ rows in each. Adding or removing it changes the
/// cells of those groups by at most `groupSensitivity` each, in L1. Replacing it removes one unit and adds another:
/// twice as much. The Laplace scale is that L1 sensitivity over the part's ε, so the part costs exactly its ε.
/// In L2 the groups' changes add up in squares: Δ₂² = L₀·(change in one group)², and replacing a unit at most
/// doubles Δ₂ (triangle inequality). Gaussian parts spend shares of the largest ρ that certifies the metrics' (ε, δ).
/// Under add-remove, cells that change one at a time are charged as that many discrete Laplace mechanisms; everything
/// else as the vector mechanism's pure loss. Running totals have noise on blocks of steps: ``RunningTotals`` derives
/// both norms; a unit in one group changes one cell of each block length, which is a tree's event.
struct NoisePlan: Sendable {
  let parts: [NoisePart]
  /// How groups whose keys are not declared are chosen; `nil` when all are declared.
  let selection: PartitionSelection?
  /// The noise on the number of units with dropped rows, where it is told.
  let dropped: (law: NoiseLaw, event: PrivacyEvent)?
  /// The running totals that are answered instead of the groups' own numbers; `nil` for none.
  let totals: RunningTotals?
  /// The coarser groups that are answered too; `nil` for none.
  let tree: GroupTree?
  /// The cells of one group.
  let width: Int
  /// The complete charge.
  let event: PrivacyEvent
  /// The charge as one (ε, δ), for budgets that have no theorem for ``event``.
  let certificate: PrivacyEvent?

  /// The cells of one group with the count of units that selection reads.
  var cellWidth: Int { selection == nil ? width : width + 1 }

  /// The parts as hot loops read them.
  var rules: [CellRule] {
    let answered = parts.map { CellRule(role: $0.role, offset: $0.offset, slots: $0.slots) }
    return selection == nil ? answered : answered + [CellRule(role: .units, offset: width, slots: [])]
  }

  /// Levels and branching of the trees under quantiles: 16³ leaves.
  static let treeLevels = 3
  static let treeBranching = 16
  static let leafCount = 4_096

  init(_ query: Query) throws(StatisticsError) {
    let shapes = try NoisePlan.shapes(of: query)
    let budget = NoiseBudget(query)
    totals = RunningTotals(query)
    let tree = GroupTree(query)
    self.tree = tree
    width = shapes.reduce(0) { $0 + $1.width }
    if let groups = tree?.nodes ?? query.groupCount {
      guard groups <= Query.maximumGroups else {
        throw .query("hierarchy", "makes more than \(Query.maximumGroups) groups")
      }
      let cells = width.multipliedReportingOverflow(by: groups)
      guard !cells.overflow, cells.partialValue <= 1 << 28 else {
        throw .query("group_by", "groups and bins together make more than 2^28 cells")
      }
    }
    let laplace = query.noise == .gaussian ? nil : try NoisePlan.parts(shapes, query, tree, budget, rho: nil)
    let gaussian = try budget.rho(query).map { rho throws(StatisticsError) in
      try NoisePlan.parts(shapes, query, tree, budget, rho: rho)
    }
    switch (laplace, gaussian) {
    case (.some(let laplace), .some(let gaussian)): parts = NoisePlan.isBetter(gaussian, laplace) ? gaussian : laplace
    case (.some(let only), .none), (.none, .some(let only)): parts = only
    case (.none, .none): throw .query("noise", "Gaussian noise needs a delta above 0")
    }
    // Laplace noise needs no δ, so the selection has all of it.
    selection = try budget.selection(query, wholeDelta: parts.first.map { $0.law.isLaplace } ?? true)
    dropped = try budget.droppedNoise(query)
    let events = parts.map(\.event) + (selection.map { [$0.event] } ?? []) + (dropped.map { [$0.event] } ?? [])
    event = events.count == 1 ? events[0] : .composed(events)
    if case .gaussian = parts[0].law {
      certificate = try? .epsilonDelta(epsilon: query.epsilon.value, delta: query.delta.value)
    } else {
      certificate = nil
    }
  }

  /// Whether the first plan's errors are smaller, as a product over the parts.
  private static func isBetter(_ a: [NoisePart], _ b: [NoisePart]) -> Bool {
    var ratio = 1.0
    for (a, b) in zip(a, b) { ratio *= a.single.standardDeviation / b.single.standardDeviation }
    return ratio < 1
  }

  /// One family of cells before its noise is chosen.
  struct Shape {
    var metric = 0
    let role: NoisePart.Role
    var width = 1
    /// The most that one unit's rows in a group change any one cell.
    let cell: Int
    /// The cells of a group that may change by that much at once.
    var cells = 1
    var slots: [Int] = []
    /// The metric's weight over the number of its shapes.
    var weight = Rational.one
    /// The error that does not matter, in steps, where the metric names one.
    var tolerance: Rational?
    /// Where the group's cells begin.
    var offset = 0

    /// The change of a group in L1.
    var group: Int { cell * cells }
  }

  private static func shapes(of query: Query) throws(StatisticsError) -> [Shape] {
    let layout = RowLayout(query)
    var result: [Shape] = []
    var offset = 0
    for (index, metric) in query.metrics.enumerated() {
      let shapes = metric.shapes(rows: query.bounds.rowsPerGroup, slots: layout.slots[index])
      for var shape in shapes {
        // With running totals a row is in up to 21 blocks, with a hierarchy in up to 16 groups.
        let most = query.continual == nil && query.hierarchy == nil ? 44 : 39
        guard shape.group <= 1 << most else {
          throw .query("metrics[\(index)].step", "one unit may contribute more than 2^\(most) steps")
        }
        shape.metric = index
        shape.weight = metric.weight / Rational(shapes.count)
        shape.tolerance = metric.tolerance.map { $0 / (metric.grid?.step ?? 1) }
        shape.offset = offset
        offset += shape.width
        result.append(shape)
      }
    }
    return result
  }

  private static func parts(
    _ shapes: [Shape], _ query: Query, _ tree: GroupTree?, _ budget: NoiseBudget, rho: Rational?
  ) throws(StatisticsError) -> [NoisePart] {
    var result: [NoisePart] = []
    let shares = BudgetShares(shapes, query, gaussian: rho != nil).values
    for (shape, share) in zip(shapes, shares) {
      do throws(ParameterError) {
        let epsilon = budget.epsilon * share
        let law =
          if let rho {
            gaussian(shape, query, tree, rho: rho * share)
          } else {
            laplace(shape, query, tree, epsilon: epsilon)
          }
        result.append(
          NoisePart(
            metric: shape.metric, role: shape.role, offset: shape.offset, width: shape.width, slots: shape.slots,
            epsilon: epsilon, law: law, single: try law.sampler(dimension: 1), event: try event(law, shape, query, tree)
          ))
      } catch {
        throw .query("metrics[\(shape.metric)]", "its noise cannot be drawn: \(error.description)")
      }
    }
    return result
  }

  private static func laplace(_ shape: Shape, _ query: Query, _ tree: GroupTree?, epsilon: Rational) -> NoiseLaw {
    let levels = RunningTotals(query)?.levels ?? tree?.levels ?? 1
    let total = shape.group * query.bounds.groupsPerUnit * query.copies * levels
    return .laplace(scale: Rational(total) / epsilon, sensitivity: total)
  }

  private static func gaussian(_ shape: Shape, _ query: Query, _ tree: GroupTree?, rho: Rational) -> NoiseLaw {
    // Every row may change the same cells: √cells · cell in a group; one row in one bin or one node of each level.
    let change = Rational(shape.cell * query.copies)
    let groups = query.bounds.groupsPerUnit
    let squared =
      change * change
      * (RunningTotals(query)?.squares(groups: groups) ?? tree?.squares(groups: groups)
        ?? Rational(shape.cells * groups))
    let variance = squared / (rho * 2)
    // A short number makes a fast exact sampler; more noise than promised is safe.
    let short = variance * 16
    let rounded = variance >= 1 ? short.ceiling.map { Rational($0) / 16 } ?? variance : variance
    return .gaussian(variance: rounded, squaredSensitivity: squared)
  }

  private static func event(
    _ law: NoiseLaw, _ shape: Shape, _ query: Query, _ tree: GroupTree?
  ) throws(ParameterError) -> PrivacyEvent {
    switch law {
    case .laplace(let scale, let total):
      if let levels = RunningTotals(query)?.levels ?? tree?.levels {
        // One bin of a histogram for each row: with more rows a level's change is no change of one number.
        guard query.adjacency == .addOrRemove, query.bounds.groupsPerUnit == 1,
          shape.width == 1 || query.bounds.rowsPerGroup == 1
        else {
          return try .epsilonDelta(epsilon: Rational(total) / scale)
        }
        return try .tree(
          levels: levels, node: .discreteLaplace(scale: scale, sensitivity: Rational(shape.cell)))
      }
      // Cells that a unit changes one at a time: a single cell in each group, or one row moving one cell a level.
      if query.adjacency == .addOrRemove, shape.width == 1 || query.bounds.rowsPerGroup == 1 {
        let times = query.bounds.groupsPerUnit * shape.cells
        let once = try PrivacyEvent.discreteLaplace(scale: scale, sensitivity: Rational(shape.cell))
        return times == 1 ? once : try .repeated(once, count: times)
      }
      return try .epsilonDelta(epsilon: Rational(total) / scale)
    case .gaussian(let variance, let squared):
      guard let groups = tree?.nodes ?? query.groupCount else { return try .zcdp(rho: squared / (variance * 2)) }
      return try law.sampler(dimension: shape.width * groups).event
    }
  }
}

/// How a query's (ε, δ) is divided between selecting groups and answering.
struct NoiseBudget {
  /// The ε of all metrics together.
  let epsilon: Rational
  /// The δ of Gaussian noise.
  private let delta: Rational
  private let selected: (epsilon: Rational, delta: Rational)
  /// The ε of the number of units with dropped rows.
  private let dropped: Rational

  init(_ query: Query) {
    let others = (query.selection?.weight ?? 0) + (query.droppedWeight ?? 0)
    let unit = query.epsilon.value / query.metrics.reduce(others) { $0 + $1.weight }
    dropped = unit * (query.droppedWeight ?? 0)
    guard let selection = query.selection else {
      (epsilon, delta, selected) = (query.epsilon.value - dropped, query.delta.value, (.zero, .zero))
      return
    }
    let share = unit * selection.weight
    epsilon = query.epsilon.value - share - dropped
    let kept = query.noise == .laplace ? query.delta.value : query.delta.value / 2
    delta = query.delta.value - kept
    selected = (share, kept)
  }

  /// The largest ρ that certifies the metrics' share, or `nil` when Gaussian noise is not wanted or not possible.
  func rho(_ query: Query) throws(StatisticsError) -> Rational? {
    guard query.noise != .laplace, delta.signum > 0 else { return nil }
    do throws(ParameterError) {
      guard case .zcdp(let rho, _) = try BudgetLimit.zcdp(certifying: Epsilon(epsilon), delta: Delta(delta)) else {
        return nil
      }
      return rho.value
    } catch {
      throw .query("budget.delta", error.message)
    }
  }

  /// Laplace noise for one number that a unit moves by one, and replacing it by two at most.
  func droppedNoise(_ query: Query) throws(StatisticsError) -> (law: NoiseLaw, event: PrivacyEvent)? {
    guard dropped.signum > 0 else { return nil }
    do throws(ParameterError) {
      let scale = Rational(query.copies) / dropped
      let law = NoiseLaw.laplace(scale: scale, sensitivity: query.copies)
      _ = try law.sampler(dimension: 1)
      let event: PrivacyEvent =
        query.copies == 1
        ? try .discreteLaplace(scale: scale, sensitivity: 1) : try .epsilonDelta(epsilon: dropped)
      return (law, event)
    } catch {
      throw .query("count_dropped", error.message)
    }
  }

  /// The choice of groups, when keys are not declared.
  func selection(_ query: Query, wholeDelta: Bool) throws(StatisticsError) -> PartitionSelection? {
    guard let selection = query.selection else { return nil }
    return try PartitionSelection(
      selection, epsilon: selected.epsilon, delta: wholeDelta ? query.delta.value : selected.delta,
      groups: query.bounds.groupsPerUnit * query.copies)
  }
}

extension Query {
  /// How many units' contributions change between neighbouring tables.
  var copies: Int { adjacency == .replaceOne ? 2 : 1 }

  /// The number of groups that are answered; `nil` when keys are not declared.
  public var groupCount: Int? { isOpen ? nil : groupBy.reduce(1) { $0 * $1.keys.count } }

  /// Whether a grouping column has no declared keys.
  public var isOpen: Bool { groupBy.contains(where: \.isOpen) }
}
