import FederatedLearning
import Foundation
import PrivacyAuditing
import SecureRandom
import Testing

private func standardNormal(_ random: inout SimulationGenerator) -> Double {
  (-2 * log(1 - random.uniformUnit())).squareRoot() * cos(2 * .pi * random.uniformUnit())
}

/// Φ.
private func normalLaw(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

@Suite struct ShapleyLeakTests {
  /// The definition: the mean of a record's marginal gain over all orders of the training records.
  private func definition(_ training: [Double], _ labels: [Int], _ point: Double, _ label: Int, _ k: Int) -> [Double] {
    func utility(_ set: [Int]) -> Double {
      let near = set.sorted { abs(training[$0] - point) < abs(training[$1] - point) }.prefix(k)
      return near.reduce(0) { $0 + (labels[$1] == label ? 1 : 0) } / Double(k)
    }
    func orders(_ rest: [Int]) -> [[Int]] {
      rest.isEmpty ? [[]] : rest.flatMap { first in orders(rest.filter { $0 != first }).map { [first] + $0 } }
    }
    let all = orders(Array(training.indices))
    var values = [Double](repeating: 0, count: training.count)
    for order in all {
      for (place, record) in order.enumerated() {
        values[record] += utility(Array(order[...place])) - utility(Array(order[..<place]))
      }
    }
    return values.map { $0 / Double(all.count) }
  }

  @Test(arguments: [1, 2, 3, 6])
  func `values are those of the definition`(neighbours: Int) throws {
    let training = [0.1, 0.9, 0.35, 0.6, 0.75]
    let labels = [0, 1, 0, 1, 0]
    let test = [(0.2, 0), (0.7, 1), (0.99, 0)]
    let found = try ShapleyLeak.values(
      training: training.map { [$0] }, labels: labels, test: test.map { [$0.0] }, testLabels: test.map(\.1),
      neighbours: neighbours)
    var expected = [Double](repeating: 0, count: 5)
    for (point, label) in test {
      for (index, value) in definition(training, labels, point, label, neighbours).enumerated() {
        expected[index] += value * 5 / 3
      }
    }
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-12, "\(found) \(expected)") }
  }

  @Test func `lengths that differ are refused`() {
    #expect(throws: AuditError.self) {
      try ShapleyLeak.values(training: [[1]], labels: [], test: [[1]], testLabels: [0])
    }
    #expect(throws: AuditError.self) {
      try ShapleyLeak.values(training: [[1], [1, 2]], labels: [0, 1], test: [[1]], testLabels: [0])
    }
  }
}

@Suite struct AttributeClassifierTests {
  /// The best guess of a fair coin a from a normal of mean ±μ is right with probability Φ(μ), without it with ½.
  ///
  /// The seed fixes the draws; 0.03 is more than six deviations of 10,000 guesses.
  @Test(arguments: [0.3, 1.0])
  func `the gain over the baseline is that of the best guess`(mu: Double) throws {
    var random = SimulationGenerator(seed: 5, stream: "attributes")
    func people(_ count: Int) -> (records: [[Double]], answers: [[Double]]) {
      var people: (records: [[Double]], answers: [[Double]]) = ([], [])
      for _ in 0..<count {
        let a = random.next() & 1 == 1 ? 1.0 : 0.0
        people.records.append([standardNormal(&random), a])
        people.answers.append([standardNormal(&random) + (2 * a - 1) * mu])
      }
      return people
    }
    let known = people(2_000)
    let asked = try AttributeClassifier(known.records, hidden: 1, answers: known.answers)
    let blind = try AttributeClassifier(known.records, hidden: 1)
    let victims = people(10_000)
    func share(_ guess: (Int) -> Double) -> Double {
      Double(victims.records.indices.count { guess($0) == victims.records[$0][1] }) / 10_000
    }
    #expect(abs(share { asked.guess(victims.records[$0], answer: victims.answers[$0]) } - normalLaw(mu)) < 0.03)
    #expect(abs(share { blind.guess(victims.records[$0]) } - 0.5) < 0.03)
    // What stands in the hidden place is not looked at.
    #expect(asked.guess([0, 0], answer: [9]) == 1 && asked.guess([0, 1], answer: [-9]) == 0)
  }

  @Test func `a membership score tells the attribute of a member`() {
    let member = [0.25, 1.0]
    let guess = AttributeInference.guess([0.25, 0], hidden: 1, among: [0, 1, 2]) { tried in
      -zip(tried, member).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    #expect(guess == 1)
    #expect(throws: AuditError.self) { try AttributeClassifier([[1], [1]], hidden: 0) }
    #expect(throws: AuditError.self) { try AttributeClassifier([[1, 0], [1, 1]], hidden: 1, answers: [[1]]) }
  }
}

@Suite struct PropertyInferenceTests {
  /// The best rule for two normals a distance Δ apart is right with probability Φ(Δ/2).
  ///
  /// With 4,000
  /// known updates the learnt rule loses less than 0.01; 0.03 more is six deviations of 10,000 guesses.
  @Test(arguments: [0.0, 1.0, 3.0])
  func `updates of normal noise are told apart as well as the law allows`(distance: Double) throws {
    var random = SimulationGenerator(seed: 7, stream: "property")
    func update(_ has: Bool) -> [Double] {
      [
        standardNormal(&random) + (has ? distance : 0) * 0.6, 1,
        3 * (standardNormal(&random) + (has ? distance : 0) * 0.8),
      ]
    }
    let attack = try PropertyInference(
      with: (0..<2_000).map { _ in update(true) }, without: (0..<2_000).map { _ in update(false) })
    let right = (0..<10_000).count { number in
      let has = number % 2 == 0
      return (attack.score(update(has)) > 0) == has
    }
    #expect(abs(Double(right) / 10_000 - normalLaw(distance / 2)) < 0.04)
    #expect(throws: AuditError.self) { try PropertyInference(with: [[1]], without: [[1], [2]]) }
    #expect(throws: AuditError.self) { try PropertyInference(with: [[1], [2]], without: [[1], [2, 3]]) }
  }
}

@Suite struct BackdoorAuditTests {
  @Test func `a backdoor opens under the mean and leaves the accuracy`() throws {
    var configuration = SimulationConfiguration(data: "digits", model: .init(kind: "softmax"), rounds: 12)
    configuration.partition = PartitionOptions(kind: "iid", clients: 10)
    configuration.client = ClientOptions(epochs: 2, batchSize: 10, learningRate: 0.1)
    let digits = try DataSplit.digits()
    let plan = try SimulationPlan(
      configuration, data: DataSplit(training: digits.training[0..<400], test: digits.test[0..<300]))
    let audit = try BackdoorAudit(plan, rules: ["none", "median"], fraction: 0.3)
    #expect(audit.rows.map(\.rule) == ["none", "none", "median"])
    let (honest, open, guarded) = (audit.rows[0], audit.rows[1], audit.rows[2])
    #expect(honest.fraction == 0 && honest.success < 0.3)
    #expect(open.success > honest.success + 0.3 && open.accuracy > honest.accuracy - 0.2, "\(audit.rows)")
    #expect(guarded.success <= open.success)
    #expect(open.interval.contains(open.success) && open.tried > 200)
    #expect(throws: AuditError.self) { try BackdoorAudit(plan, rules: ["unheard-of"]) }
    #expect(throws: AuditError.self) { try BackdoorAudit(plan, fraction: 0) }
    #expect(throws: AuditError.self) { try BackdoorAudit(plan, target: 10) }
  }
}

@Suite struct OpenMetricsTests {
  @Test func `the text is that of the format`() throws {
    var metrics = OpenMetrics()
    try metrics.add("tacit_budget_epsilon", .gauge, "Left \\ of\nit", 0.25, labels: ["budget": "a \"b\"\n\\"])
    try metrics.add("tacit_updates_rejected", .counter, "Updates", 3)
    try metrics.add("tacit_budget_epsilon", .gauge, "Left", .infinity, labels: ["budget": "c"])
    #expect(
      metrics.text == #"""
        # TYPE tacit_budget_epsilon gauge
        # HELP tacit_budget_epsilon Left \\ of\nit
        tacit_budget_epsilon{budget="a \"b\"\n\\"} 0.25
        tacit_budget_epsilon{budget="c"} +Inf
        # TYPE tacit_updates_rejected counter
        # HELP tacit_updates_rejected Updates
        tacit_updates_rejected_total 3
        # EOF

        """#)
    #expect(OpenMetrics().text == "# EOF\n")
  }

  @Test func `what the format does not allow is refused`() throws {
    var metrics = OpenMetrics()
    try metrics.add("good", .gauge, "", 1)
    for (name, kind, value) in [
      ("1bad", OpenMetrics.Kind.gauge, 1.0), ("b-d", .gauge, 1), ("", .gauge, 1), ("bad_total", .counter, 1),
      ("bad", .gauge, .nan), ("bad", .counter, -1), ("bad", .counter, .infinity), ("good", .counter, 1),
      ("good", .gauge, 1),
    ] {
      #expect(throws: AuditError.self) { try metrics.add(name, kind, "", value) }
    }
    #expect(throws: AuditError.self) { try metrics.add("bad", .gauge, "", 1, labels: ["__name": "x"]) }
    #expect(throws: AuditError.self) { try metrics.add("bad", .gauge, "", 1, labels: ["a": "x", "a": "y"]) }
    #expect(metrics.text.split(separator: "\n").count == 4)
  }
}
