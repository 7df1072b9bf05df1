import ExactMath
import PrivacyAccounting
import PrivacyLedger
import PrivateStatistics
import TableFormats
import TacitVerbs

/// Stage 1: three queries over the census table, charged to a ledger, shown beside the truth.
struct DemoStatistics {
  let census: [UInt8]
  let folder: String
  let force: Bool

  private struct Question {
    let title: String
    let metric: String
    let file: String
    let yaml: String
  }

  private static let budgetName = "demo"

  private static let questions = [
    Question(
      title: "People by education", metric: "people", file: "education.yaml",
      yaml: """
        # How many people have each education. One row is one person.
        privacy_unit: rows
        budget: { epsilon: 0.1 }
        group_by:
          - column: education
            keys: [Preschool, 7th-8th, 9th, 11th, HS-grad, Some-college, Bachelors, Masters, Doctorate]
        metrics:
          - { name: people, kind: count }
        """),
    Question(
      title: "Mean working hours a week by sex", metric: "hours", file: "hours.yaml",
      yaml: """
        # Mean working hours a week, clamped to 0…80, by sex.
        privacy_unit: rows
        budget: { epsilon: 0.1 }
        group_by:
          - { column: sex, keys: [Female, Male] }
        metrics:
          - { name: hours, kind: mean, column: hours-per-week, range: [0, 80] }
        """),
    Question(
      title: "Histogram of age", metric: "people", file: "age.yaml",
      yaml: """
        # How many people are in each age band.
        privacy_unit: rows
        budget: { epsilon: 0.1 }
        metrics:
          - { name: people, kind: histogram, column: age, edges: [17, 25, 35, 45, 55, 65, 75, 91] }
        """),
  ]

  /// Answers the queries.
  func run() throws -> StatisticsOutcome {
    let clock = ContinuousClock()
    let start = clock.now
    try Output.write(census, to: "\(folder)/census.csv", force: true)
    let ledger = try BudgetLedger(openingOrCreating: "\(folder)/ledger.db")
    let budget = try openBudget(in: ledger)
    let authority = try LedgerBudget(budget, of: ledger)
    var rows = 0
    let queries = try DemoStatistics.questions.map { question in
      let (query, count) = try answer(question, charging: authority)
      rows = count
      return query
    }
    let status = try ledger.status(of: budget)
    let verification = try ledger.verify()
    return StatisticsOutcome(
      rows: rows, queries: queries,
      ledger: [
        (
          "budget",
          "\(budget), filter \(status.terms.limit.filter), limit ε = \(status.terms.epsilon.value.decimalDescription)"
        ),
        ("spent", status.spent), ("remaining", status.remaining), ("charges", "\(status.charges)"),
        ("history", verification.intact ? "intact, \(verification.entries) entries" : "BROKEN"),
        ("head of the chain", verification.head),
      ], seconds: (clock.now - start).inSeconds)
  }

  /// A budget of its own for every run, so that an earlier run's history stays as it was.
  private func openBudget(in ledger: BudgetLedger) throws -> String {
    let taken = try Set(ledger.status().map(\.name))
    var name = DemoStatistics.budgetName
    var number = 1
    while taken.contains(name) {
      number += 1
      name = "\(DemoStatistics.budgetName)-\(number)"
    }
    let terms = try BudgetTerms(
      filter: "pure", epsilon: Epsilon(1), delta: Delta(0), unit: "rows", adjacency: .addOrRemove)
    try ledger.createBudget(name, terms: terms)
    return name
  }

  private func answer(
    _ question: Question, charging authority: LedgerBudget
  ) throws -> (StatisticsOutcome.Query, rows: Int) {
    let path = "\(folder)/\(question.file)"
    try Output.write(question.yaml + "\n", to: path, force: true)
    let query = try QueryFile.read(path)
    guard let explanation = Explanation(query), let noise = explanation.metrics.first else {
      throw CommandFailure("\(path): no noise can be planned")
    }
    var accumulator = try Accumulator(query, key: SamplingKey())
    var reader = try CSVReader(ByteSource(census, name: "census.csv"), columns: query.columns)
    try accumulator.add(&reader)
    let truth = accumulator.insecureTrueTable()
    let rows = accumulator.insecureRowCount
    let released = try accumulator.release(charging: authority, label: question.title)
    var answers: [StatisticsOutcome.Answer] = []
    for (exact, noisy) in zip(truth.rows, released.rows) {
      for (index, value) in noisy.values.enumerated() {
        let halfWidth: Double = (value.highValue - value.lowValue) / 2
        answers.append(
          StatisticsOutcome.Answer(
            group: label(keys: noisy.keys, name: released.names[index]), truth: exact.values[index].value,
            released: value.value, interval: value.lowValue...value.highValue,
            expectedError: noise.expectedError ?? halfWidth / 1.96))
      }
    }
    let claims: [(name: String, value: String)] = [
      ("ε, δ", "\(query.epsilon.value.decimalDescription), 0"), ("unit of privacy", "one row, which is one person"),
      ("adjacency", "\(query.adjacency)"), ("event", "\(explanation.event)"),
      ("accountant", "pure composition, exact"),
    ]
    return (
      StatisticsOutcome.Query(
        title: question.title, metric: question.metric, file: path, claims: claims, answers: answers), rows
    )
  }

  private func label(keys: [String], name: String) -> String {
    if !keys.isEmpty { return keys.joined(separator: ", ") }
    return name.split(separator: "_").dropFirst().joined(separator: " to ")
  }
}

extension Duration {
  /// The duration in seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
