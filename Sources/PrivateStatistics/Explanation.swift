import DifferentialPrivacy
public import ExactMath
public import PrivacyAccounting

/// What a release will do, from the query alone: the charge, the noise and the error to expect, before any data.
public struct Explanation: Sendable, Hashable {
  /// One metric's noise.
  public struct MetricNoise: Sendable, Hashable {
    /// The metric's name.
    public let name: String
    /// What is asked.
    public let kind: Metric.Kind
    /// The metric's share of ε.
    public let epsilon: Rational
    /// The families of noisy integers behind the answer.
    public let parts: [Part]
    /// The standard deviation of a count's or a sum's answer, of the noisiest where they are running totals; `nil` where
    /// it depends on the data.
    public let expectedError: Double?
    /// What the error of any other answer is, and what it depends on: one line; `nil` where ``expectedError`` says it.
    public let errorRule: String?
    /// The half width of a count's or a sum's 95 % interval, of the widest where they are running totals; `nil` where it
    /// depends on the data.
    public let halfWidth: Double?
    /// The most by which post-processing may move the answer's mean; `nil` without any.
    public let bias: Double?
  }

  /// One family of noisy integers.
  public struct Part: Sendable, Hashable {
    /// What the integers are: `rows`, `units`, `sum`, `centred sum`, `centred squares`, `bins`, `tree`.
    public let role: String
    /// The law of the noise: `discrete-laplace` or `discrete-gaussian`.
    public let law: String
    /// The scale of discrete Laplace noise, or σ of discrete Gaussian noise (the nearest double), in steps.
    public let scale: Rational
    /// The size of a step in the column's own measure (squared for squares).
    public let step: Rational
    /// The integers that noise is drawn for, over all groups; `nil` when the groups are not declared.
    public let draws: Int?
  }

  /// How groups of undeclared keys are chosen.
  public struct SelectionPlan: Sendable, Hashable {
    /// The mechanism.
    public let kind: GroupSelection.Kind
    /// What it costs.
    public let event: PrivacyEvent
    /// Groups of fewer units are never named.
    public let minimumUnits: Int
    /// The number of units with which a group is named about half of the time.
    public let typicalUnits: Int
  }

  /// How running totals are made.
  public struct ContinualPlan: Sendable, Hashable {
    /// The time column.
    public let column: String
    /// The steps, in the order of the declared keys.
    public let steps: Int
    /// The lengths of blocks of steps: the noisy integers that one step is in.
    public let levels: Int
    /// The most noisy integers that one total is the sum of.
    public let mostTerms: Int
  }

  /// A level of a hierarchy.
  public struct LevelPlan: Sendable, Hashable {
    /// The level's column.
    public let column: String
    /// The groups of the level.
    public let groups: Int
    /// The largest standard deviation of the level's consistent answers, over that of one noisy number.
    public let deviation: Double
  }

  /// The complete charge.
  public let event: PrivacyEvent
  /// The charge as one (ε, δ), for budgets without a theorem for ``event``; `nil` when it is not needed.
  public let certificate: PrivacyEvent?
  /// The metrics, in the query's order.
  public let metrics: [MetricNoise]
  /// The groups that are answered; `nil` when their keys are not declared.
  public let groups: Int?
  /// How groups of undeclared keys are chosen.
  public let selection: SelectionPlan?
  /// How running totals are made; `nil` when each group has its own answer.
  public let continual: ContinualPlan?
  /// The levels of a hierarchy from coarse to fine; empty without one.
  public let levels: [LevelPlan]
  /// What telling the number of units with dropped rows costs; `nil` when it is not told.
  public let dropped: PrivacyEvent?
  /// What a careful reader of NIST SP 800-226 would object to, one line each.
  public let warnings: [String]

  /// Explains a query; `nil` when no noise can be planned for it (``Accumulator`` says why).
  public init?(_ query: Query) {
    guard let plan = try? NoisePlan(query) else { return nil }
    event = plan.event
    certificate = plan.certificate
    groups = plan.tree?.nodes ?? query.groupCount
    let variances = plan.tree?.variances.final ?? []
    levels =
      plan.tree.map { tree in
        (0..<tree.levels).reversed().map { level in
          LevelPlan(
            column: level == 0 ? query.groupBy[tree.place].column : tree.names[level - 1],
            groups: tree.range(ofLevel: level).count,
            deviation: (variances[tree.range(ofLevel: level)].max() ?? 1).squareRoot())
        }
      } ?? []
    let spread = variances.max() ?? 1
    dropped = plan.dropped?.event
    continual = plan.totals.map {
      ContinualPlan(column: $0.column, steps: $0.steps, levels: $0.levels, mostTerms: $0.mostTerms)
    }
    selection = plan.selection.map {
      SelectionPlan(
        kind: $0.kind, event: $0.event, minimumUnits: $0.minimum, typicalUnits: $0.typicalUnits)
    }
    metrics = query.metrics.enumerated().map { index, metric in
      Explanation.noise(of: metric, plan.parts.filter { $0.metric == index }, query, plan, spread)
    }
    warnings = Explanation.warnings(query)
  }

  private static func noise(
    of metric: Metric, _ parts: [NoisePart], _ query: Query, _ plan: NoisePlan, _ spread: Double
  ) -> MetricNoise {
    let terms = plan.totals?.mostTerms ?? 1
    let deviation = parts[0].single.standardDeviation * (Double(terms) * spread).squareRoot()
    let reach =
      plan.tree == nil
      ? parts[0].sumBound(terms: terms, ReleaseFormula.miss)
      : parts[0].law.combinationBound(variance: spread, miss: ReleaseFormula.miss)
    let single = metric.kind == .vectorSum || parts.count == 1 && parts[0].role != .tree && metric.kind != .bounds
    let step = metric.grid?.step.doubleValue ?? 1
    return MetricNoise(
      name: metric.name, kind: metric.kind, epsilon: parts.reduce(.zero) { $0 + $1.epsilon },
      parts: parts.map { part in
        let unit = metric.grid?.step ?? 1
        let step: Rational
        switch part.role {
        case .sum, .centred: step = unit
        case .squares: step = unit * unit
        case .products: step = unit * (metric.otherGrid?.step ?? 1)
        case .rows, .units, .bins, .tree: step = 1
        }
        return Part(
          role: part.role.text, law: part.law.name, scale: part.scale, step: step,
          draws: (plan.tree?.nodes ?? query.groupCount).map { part.width * $0 })
      },
      expectedError: single ? deviation * step : nil,
      errorRule: single ? nil : ErrorRule(metric, parts)?.text,
      halfWidth: single ? reach * step : nil,
      bias: metric.postProcessing == .none
        ? nil : metric.postProcessing.bias(deviation: deviation * step))
  }

  /// Names that often hold people: an answer per row is then an answer per visit, not per person.
  private static let personal = ["user", "person", "patient", "customer", "member", "client", "student", "household"]

  private static func namesPeople(_ column: String) -> Bool {
    let text = column.lowercased()
    return text == "uid" || text == "id" || text.hasSuffix("_id") || personal.contains { text.contains($0) }
  }

  private static func warnings(_ query: Query) -> [String] {
    var result: [String] = []
    if query.privacyUnit == .rows, let column = query.columns.first(where: namesPeople) {
      result.append(
        "the unit is a row although the column \"\(column)\" seems to name people: this is event-level protection")
    }
    if query.privacyUnit == .rows {
      result.append("each row is protected by itself: a person with several rows is protected less")
    }
    if query.epsilon.value > 10 {
      result.append("epsilon above 10 promises little against an attacker who knows a lot")
    }
    if query.epsilon.value > 1, query.epsilon.value <= 10 {
      result.append("epsilon above 1: an attacker's odds about one unit may grow by more than e")
    }
    if query.delta.value > Rational(1, 100_000) {
      result.append("delta above 1e-5: it should stay well below one over the number of units")
    }
    if query.adjacency == .replaceOne {
      result.append("replace-one treats the number of units as public")
    }
    /// One warning for all metrics that it is about.
    func warn(_ text: String, of isMeant: (Metric) -> Bool) {
      let names = query.metrics.filter(isMeant).map(\.name)
      if !names.isEmpty { result.append("\(names.joined(separator: ", ")): \(text)") }
    }
    warn("edges, keys and ranges must not be chosen by looking at the data") {
      $0.kind == .histogram || $0.kind.readsTree
    }
    if query.delta.value.signum > 0, query.delta.value > Rational(1, 1_000_000_000), query.isOpen {
      result.append("groups are chosen from the data: a key that only few people have may be named with chance delta")
    }
    warn("values outside the range are clamped, which biases the answer without a sign of it") { $0.grid != nil }
    warn("the bounds found may be used as a range by a later query, which is charged by itself") { $0.kind == .bounds }
    warn("non-negativity and rounding bias the answer; sums of such answers add the biases up") {
      $0.postProcessing != .none
    }
    if let top = query.top {
      result.append(
        "top: the groups with the largest noisy \(top.name) are shown, whose answers are too large on average")
    }
    if let column = query.continual {
      result.append(
        "continual: the keys of \(column) are steps in the order declared; rows of other steps are in no total")
    }
    if query.hierarchy != nil {
      result.append("hierarchy: which keys belong together must be public knowledge, not taken from the table")
    }
    if query.epsilon.value > 1, query.metrics.count > 20 {
      result.append("more than 20 metrics share the budget: each has little of it")
    }
    if !query.isOpen, query.groupBy.contains(where: { $0.keys.count == 1 }) {
      result.append("group_by: a single declared key must not have been chosen because it is in the data")
    } else if !query.isOpen, !query.groupBy.isEmpty {
      result.append("group_by: declared keys must come from public knowledge, not from the table")
    }
    if query.bounds != .oneRow, query.privacyUnit != .rows {
      result.append("contributions beyond the bounds are left out at random, which biases counts and sums downwards")
    }
    if !query.filters.isEmpty {
      result.append("filters must not be chosen by looking at the data")
    }
    if !query.derived.isEmpty {
      result.append("derive: formulas and joined tables must be public and chosen without looking at the data")
    }
    if query.onBadRow == .drop, query.droppedWeight == nil {
      result.append("rows that cannot be used are left out, and their number is not told")
    }
    if query.onBadRow == .reject {
      result.append("a rejected row stops the run before the charge: whoever sees that learns about the data")
    }
    return result
  }
}

extension NoisePart.Role {
  /// The name in reports.
  var text: String {
    switch self {
    case .rows: "rows"
    case .units: "units"
    case .sum: "sum"
    case .centred: "centred sum"
    case .squares: "centred squares"
    case .products: "centred products"
    case .bins: "bins"
    case .tree: "tree"
    }
  }
}
