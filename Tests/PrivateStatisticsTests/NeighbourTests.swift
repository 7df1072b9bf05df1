import ExactMath
import PrivacyAccounting
import PrivateStatistics
import Testing

/// The promise behind every release: no one unit moves the integers under the noise further than the noise is made for.
@Suite struct `Neighbouring tables` {
  private func every(
    _ unit: PrivacyUnit, _ adjacency: Adjacency, _ noise: NoiseChoice, groups: Int, rows: Int
  ) throws -> Query {
    let range: ClosedRange<Rational> = -9...12
    let metrics = try Metric.Kind.allCases.map { kind in
      switch kind {
      case .count, .units: try Metric(name: kind.rawValue, kind: kind)
      case .vectorSum: try Metric(name: kind.rawValue, kind: kind, range: range, columns: ["x", "y"])
      case .sum, .mean, .variance, .deviation, .median, .minimum, .maximum:
        try Metric(name: kind.rawValue, kind: kind, column: "x", range: range)
      case .quantile: try Metric(name: kind.rawValue, kind: kind, column: "x", range: range, at: [0, rational("0.4")])
      case .histogram: try Metric(name: kind.rawValue, kind: kind, column: "x", edges: [-5, 0, 7])
      case .bounds: try Metric(name: kind.rawValue, kind: kind, column: "y")
      case .covariance, .regression:
        try Metric(name: kind.rawValue, kind: kind, column: "x", range: range, with: "y", withRange: -40...3)
      }
    }
    return try Query(
      privacyUnit: unit, adjacency: adjacency, epsilon: Epsilon(1), delta: Delta("0.000001"),
      bounds: unit == .rows ? nil : ContributionBounds(groupsPerUnit: groups, rowsPerGroup: rows),
      groupBy: [GroupColumn(column: "g", keys: ["a", "b", "c"])],
      metrics: metrics + [Metric(name: "keys", kind: .histogram, column: "g", keys: ["a", "c"])], noise: noise)
  }

  /// For each family of integers what the noise is made for: in L1 the scale times ε, in L2 the squared sensitivity.
  private func declared(_ question: Query) throws -> [Rational] {
    let explanation = try #require(Explanation(question))
    guard question.noise == .gaussian else {
      return explanation.metrics.flatMap { metric in
        metric.parts.map { $0.scale * metric.epsilon / Rational(metric.parts.count) }
      }
    }
    guard case .composed(let events) = explanation.event else { return [] }
    return events.compactMap {
      if case .discreteGaussian(_, let sensitivity, _) = $0 { sensitivity.squared } else { nil }
    }
  }

  private func line(_ user: Int, far: Bool) -> String {
    // Values at and beyond both ends move sums, squares and products most.
    let value = far ? [-100, -9, 12, 100][Int.random(in: 0..<4)] : Int.random(in: -12...15)
    return "\(user),\(["a", "b", "c", "z"][Int.random(in: 0..<4)]),\(value),\(Int.random(in: -50...9))\n"
  }

  @Test(arguments: Adjacency.allCases, [NoiseChoice.laplace, .gaussian])
  func `no metric's integers move further than declared when any one unit is removed or replaced`(
    _ adjacency: Adjacency, _ noise: NoiseChoice
  ) throws {
    for (unit, groups, rows) in [
      (PrivacyUnit.rows, 1, 1), (.column("u"), 1, 3), (.column("u"), 2, 1), (.column("u"), 3, 4),
    ] {
      let question = try every(unit, adjacency, noise, groups: groups, rows: rows)
      let bounds = try declared(question)
      // Unit 0 contributes all it may, at the far end of both ranges, and so does the one in its place.
      let most = ["a", "b", "c"].prefix(groups).flatMap { key in (0..<rows).map { _ in "0,\(key),100,-100\n" } }
      let placed = ["c", "b", "a"].prefix(groups).flatMap { key in (0..<rows).map { _ in "7,\(key),-100,100\n" } }
      let others = (0..<40).map { _ in line(Int.random(in: 1..<5), far: Bool.random()) }
      func integers(_ lines: [String]) throws -> [[Int128]] {
        try accumulator(question, ["u,g,x,y\n" + lines.joined()]).insecureIntegers()
      }
      let whole = try integers(most + others)
      #expect(whole.count == bounds.count && bounds.count > 25)
      var reached = [Bool](repeating: false, count: bounds.count)
      let victims =
        unit == .rows
        ? (most + others).indices.map { [$0] }
        : (0..<5).map { user in
          (most + others).indices.filter { (most + others)[$0].hasPrefix("\(user),") }
        }
      for victim in victims {
        var rest = (most + others).enumerated().filter { !victim.contains($0.offset) }.map(\.element)
        if adjacency == .replaceOne { rest += placed }
        for (part, (a, b)) in try zip(whole, integers(rest)).enumerated() {
          let moved = zip(a, b).reduce(Int128(0)) { sum, pair in
            let change = (pair.0 - pair.1).magnitude
            return sum + Int128(noise == .gaussian ? change * change : change)
          }
          let bound = bounds[part]
          #expect(Rational(Int(moved)) <= bound, "part \(part), \(unit.text), \(groups) groups, \(rows) rows")
          if Rational(Int(moved)) * 2 >= bound { reached[part] = true }
        }
      }
      // The bounds are no looser than need be: some neighbour moves most families at least half as far.
      #expect(reached.count { $0 } * 2 >= reached.count)
    }
  }

  @Test func `no one's rows move the number of units with dropped rows by more than one`() throws {
    let question = try Query(
      privacyUnit: .column("u"), epsilon: Epsilon(1), delta: Delta(0),
      bounds: ContributionBounds(groupsPerUnit: 1, rowsPerGroup: 3),
      metrics: [Metric(name: "s", kind: .sum, column: "x", range: 0...1)], droppedWeight: 1, onBadRow: .drop)
    // Each person's rows: some good, some bad; only the first has such as do not say whose they are.
    let people = (0..<6).map { user in
      (0..<5).map { _ in
        ["\(user),1\n", "\(user),bad\n", "\(user),\n"][Int.random(in: 0..<3)]
      } + (user == 0 ? ["0,bad\n", ",1\n", "0,1,1\n", ",bad\n"] : [])
    }
    func dropped(_ people: [[String]]) throws -> Double {
      try #require(accumulator(question, ["u,x\n" + people.joined().joined()]).insecureTrueTable().dropped).value
    }
    let whole = try dropped(people)
    for user in people.indices {
      let moved = try whole - dropped(people.enumerated().filter { $0.offset != user }.map(\.element))
      #expect(moved >= 0 && moved <= 1)
    }
    // A row with a bad date says whose it is.
    let dated = try Query(
      privacyUnit: .column("u"), epsilon: Epsilon(1), delta: Delta(0),
      bounds: ContributionBounds(groupsPerUnit: 1, rowsPerGroup: 3),
      groupBy: [GroupColumn(column: "year", keys: ["2024"])],
      derived: [
        DerivedColumn(
          name: "year", date: "at", part: .year,
          range: #require(CalendarDate("2024-01-01"))...#require(CalendarDate("2024-12-31")))
      ],
      metrics: [Metric(name: "n", kind: .count)], droppedWeight: 1, onBadRow: .drop)
    let table = try accumulator(dated, ["u,at\n1,2024-05-01\n2,never\n3,2023-01-01\n3,x\n"]).insecureTrueTable()
    #expect(table.dropped?.value == 2 && table.rows[0].values[0].value == 1)
  }
}
