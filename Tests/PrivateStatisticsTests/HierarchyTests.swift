import ExactMath
import Foundation
import PrivacyAccounting
import PrivateStatistics
import SecureRandom
import Testing

@Suite struct `Hierarchies` {
  /// A ragged tree over keys 0 …, each level made by cutting the one below into runs.
  private func hierarchy(keys: Int, levels: Int, _ generator: inout SimulationGenerator) throws -> Hierarchy {
    var below = (0..<keys).map { "k\($0)" }
    var result: [Hierarchy.Level] = []
    for level in 1...levels {
      var groups: [String: [String]] = [:]
      var number = 0
      for (index, key) in below.enumerated() {
        if index > 0, generator.uniform(below: 3) == 0 { number += 1 }
        groups["l\(level)g\(number)", default: []].append(key)
      }
      result.append(try Hierarchy.Level(name: "level\(level)", groups: groups))
      below = (0...number).map { "l\(level)g\($0)" }
    }
    return try Hierarchy(column: "key", levels: result)
  }

  private func question(
    _ hierarchy: Hierarchy?, keys: Int, groups: Int = 1, rows: Int = 1, adjacency: Adjacency = .addOrRemove,
    noise: NoiseChoice = .laplace, epsilon: String = "1", others: [String] = ["x"], metrics: [Metric]? = nil,
    top: TopGroups? = nil
  ) throws -> Query {
    try Query(
      privacyUnit: .column("u"), adjacency: adjacency, epsilon: Epsilon(epsilon), delta: Delta("0.000001"),
      bounds: ContributionBounds(groupsPerUnit: groups, rowsPerGroup: rows),
      groupBy: [
        GroupColumn(column: "key", keys: (0..<keys).map { "k\($0)" }), GroupColumn(column: "other", keys: others),
      ],
      metrics: metrics ?? [
        Metric(name: "n", kind: .count), Metric(name: "s", kind: .sum, column: "v", range: -2...3, step: 1),
      ],
      noise: noise, top: top, hierarchy: hierarchy)
  }

  /// Solves a positive definite system by elimination.
  private func solve(_ matrix: [[Double]], _ right: [[Double]]) -> [[Double]] {
    var (a, b) = (matrix, right)
    for pivot in a.indices {
      for row in a.indices where row != pivot {
        let factor = a[row][pivot] / a[pivot][pivot]
        for column in a.indices { a[row][column] -= factor * a[pivot][column] }
        for column in b[row].indices { b[row][column] -= factor * b[pivot][column] }
      }
    }
    return a.indices.map { row in b[row].map { $0 / a[row][row] } }
  }

  @Test func `the estimates are those of dense least squares, with their variances and coefficients`() throws {
    var generator = SimulationGenerator(seed: 1, stream: "trees")
    for trial in 0..<30 {
      let keys = 1 + trial % 9
      let tree = try #require(
        GroupTree(question(hierarchy(keys: keys, levels: 1 + trial % 3, &generator), keys: keys, others: ["x", "y"])))
      let leaves = tree.range(ofLevel: 0).count
      // Which leaves a node adds up, from the parents' numbers alone.
      let links = tree.links
      var members = (0..<tree.nodes).map { _ in [Double](repeating: 0, count: leaves) }
      for leaf in 0..<leaves {
        var node = leaf
        while node >= 0 {
          members[node][leaf] = 1
          node = links[node]
        }
      }
      let noisy = (0..<tree.nodes).map { _ in Int128(generator.uniform(below: 2_000)) - 1_000 }
      let normal = (0..<leaves).map { i in
        (0..<leaves).map { j in members.reduce(0.0) { $0 + $1[i] * $1[j] } }
      }
      let identity = (0..<leaves).map { i in (0..<leaves).map { $0 == i ? 1.0 : 0 } }
      let inverse = solve(normal, identity)
      // The hat matrix: what each node's estimate takes of each noisy number.
      let hat = members.map { row in
        let left = (0..<leaves).map { j in (0..<leaves).reduce(0.0) { $0 + row[$1] * inverse[$1][j] } }
        return members.map { other in (0..<leaves).reduce(0.0) { $0 + left[$1] * other[$1] } }
      }
      let estimator = GroupTree.Estimator(tree)
      let estimates = estimator.consistent(noisy)
      let variances = tree.variances.final
      for node in 0..<tree.nodes {
        let expected = zip(hat[node], noisy).reduce(0.0) { $0 + $1.0 * Double($1.1) }
        #expect(abs(Double(estimates[node]) / 1_000 - expected) <= Double(tree.levels) / 1_000)
        #expect(abs(hat[node][node] - variances[node]) < 1e-9)
        #expect(abs(hat[node].reduce(0) { $0 + $1 * $1 } - variances[node]) < 1e-9)
        #expect(hat[node].allSatisfy { abs($0) <= variances[node] + 1e-12 })
      }
      for parent in leaves..<tree.nodes {
        #expect(links.indices.filter { links[$0] == parent }.reduce(0) { $0 + estimates[$1] } == estimates[parent])
      }
      // What adds up already stays as it is, however large.
      let sums = tree.sums((0..<leaves).map { Int128($0) << 60 }, links)
      #expect(estimator.consistent(sums) == sums.map { $0 * 1_000 })
    }
  }

  @Test func `without noise every level is the sum of its groups, the coarsest first`() throws {
    let states = try Hierarchy(
      column: "key",
      levels: [
        .init(name: "state", groups: ["a": ["k0", "k2"], "b": ["k1"], "c": ["k3", "k4"]]),
        .init(name: "country", groups: ["all": ["a", "b", "c"]]),
      ])
    let question = try question(states, keys: 5, others: ["x", "y"])
    let rows = (0..<200).map { _ in
      (key: Int.random(in: 0..<6), other: ["x", "y", "z"][Int.random(in: 0..<3)], value: Int.random(in: -4...4))
    }
    let text = rows.enumerated().map { "\($0),k\($1.key),\($1.other),\($1.value)\n" }.joined()
    let table = try accumulator(question, ["u,key,other,v\n" + text]).insecureTrueTable()
    #expect(table.groupColumns == ["country", "state", "key", "other"])
    #expect(table.rows.count == 2 * (1 + 3 + 5))
    #expect(
      table.rows.map(\.keys).prefix(4) == [
        ["all", "", "", "x"], ["all", "", "", "y"], ["all", "a", "", "x"], ["all", "a", "", "y"],
      ])
    let state = [0: "a", 1: "b", 2: "a", 3: "c", 4: "c"]
    for row in table.rows {
      let members = rows.filter { entry in
        guard let label = state[entry.key], entry.other == row.keys[3] else { return false }
        return (row.keys[1].isEmpty || label == row.keys[1]) && (row.keys[2].isEmpty || "k\(entry.key)" == row.keys[2])
      }
      #expect(row.values[0].text == "\(members.count)")
      #expect(row.values[1].text == "\(members.reduce(0) { $0 + min(max($1.value, -2), 3) })")
    }
  }

  @Test(arguments: [1, 2, 3, 7], [1, 2])
  func `removing or replacing any one unit moves all levels by no more than declared`(
    _ groups: Int, _ rows: Int
  ) throws {
    var generator = SimulationGenerator(seed: 2, stream: "units")
    for adjacency in Adjacency.allCases {
      for noise in [NoiseChoice.laplace, .gaussian] {
        let question = try question(
          hierarchy(keys: 7, levels: 2, &generator), keys: 7, groups: groups, rows: rows, adjacency: adjacency,
          noise: noise, others: ["x", "y"])
        // Unit 0 is in the first keys, all under one group as far as there is one; the others anywhere.
        var lines = (0..<groups).flatMap { key in (0..<rows).map { _ in "0,k\(key),x,3\n" } }
        for user in 1..<6 {
          for _ in 0..<9 {
            lines.append(
              "\(user),k\(generator.uniform(below: 7)),\(["x", "y"][generator.uniform(below: 2)]),"
                + "\(generator.uniform(below: 9) - 4)\n")
          }
        }
        func integers(_ lines: [String]) throws -> [[Int128]] {
          try accumulator(question, ["u,key,other,v\n" + lines.joined()]).insecureIntegers()
        }
        let whole = try integers(lines)
        let tree = try #require(GroupTree(question))
        let explanation = try #require(Explanation(question))
        for user in 0..<6 {
          var other = lines.filter { !$0.hasPrefix("\(user),") }
          if adjacency == .replaceOne {
            for key in 0..<7 { for _ in 0..<rows { other.append("\(user),k\(6 - key),y,-4\n") } }
          }
          for (part, (a, b)) in zip(whole, try integers(other)).enumerated() {
            let changes = zip(a, b).map { Int($0 - $1) }
            let most = (part == 0 ? 1 : 3) * rows * (adjacency == .replaceOne ? 2 : 1)
            #expect(changes.reduce(0) { $0 + abs($1) } <= most * groups * tree.levels)
            #expect(
              Rational(changes.reduce(0) { $0 + $1 * $1 }) <= tree.squares(groups: groups) * Rational(most * most))
            if noise == .laplace {
              // The charge is for the L1 change: scale times ε.
              let metric = explanation.metrics[part]
              #expect(metric.parts[0].scale * metric.epsilon == Rational(most * groups * tree.levels))
            }
          }
        }
      }
    }
  }

  @Test func `intervals cover at least as often as they say, and answers add up exactly`() throws {
    var generator = SimulationGenerator(seed: 3, stream: "coverage")
    for noise in [NoiseChoice.laplace, .gaussian] {
      let question = try question(hierarchy(keys: 6, levels: 2, &generator), keys: 6, noise: noise)
      let text = (0..<60).map { "\($0),k\($0 * $0 % 7),x,\($0 % 5)\n" }.joined()
      let truth = try accumulator(question, ["u,key,other,v\n" + text]).insecureTrueTable()
      let leaves = 6
      var (covered, total, sums) = (0, 0, [Double](repeating: 0, count: truth.rows.count))
      for _ in 0..<300 {
        let table = try accumulator(question, ["u,key,other,v\n" + text]).release(
          charging: RecordingBudget(), label: "test")
        for (row, true_) in zip(table.rows, truth.rows) {
          for (value, exact) in zip(row.values, true_.values) {
            total += 1
            if value.lowValue <= exact.value, exact.value <= value.highValue { covered += 1 }
          }
        }
        for (index, row) in table.rows.enumerated() {
          sums[index] += row.values[0].value - truth.rows[index].values[0].value
        }
        // The exact decimals of the keys add up to those of each group above them.
        for row in table.rows where row.keys[2].isEmpty {
          let below = table.rows.suffix(leaves).filter { leaf in
            zip(row.keys, leaf.keys).allSatisfy { $0.isEmpty || $0 == $1 }
          }
          for place in row.values.indices {
            let parts = try below.map { try #require(Rational($0.values[place].text)) }
            #expect(parts.reduce(.zero, +) == Rational(row.values[place].text))
          }
        }
      }
      // Coverage below 95 % at 1e-9: 300 independent tables, whose answers may go wrong together.
      #expect(Double(covered) / Double(total) > 0.95 - 6 * (0.05 * 0.95 / 300).squareRoot())
      // Unbiased: six standard errors, a false alarm below 1e-7 in all.
      let deviation = try #require(Explanation(question)?.metrics[0].expectedError)
      for sum in sums { #expect(abs(sum / 300) < 6 * deviation / 300.0.squareRoot() + 0.005) }
    }
  }

  @Test func `a hierarchy that is no tree, or goes with what does not add up, is refused by name`() throws {
    func level(_ groups: [String: [String]], _ name: String = "state") throws -> Hierarchy {
      try Hierarchy(column: "key", levels: [.init(name: name, groups: groups)])
    }
    func reason(_ body: () throws -> Query) -> String {
      do {
        _ = try body()
        return ""
      } catch {
        return "\(error)"
      }
    }
    let good = try level(["a": ["k0", "k1"]])
    #expect(reason { try question(good, keys: 2) }.isEmpty)
    #expect(reason { try question(good, keys: 3) }.contains("of state must name every key"))
    #expect(reason { try question(level(["a": ["k0", "k1"], "b": ["k1"]]), keys: 2) }.contains("name a key twice"))
    #expect(reason { try question(level(["a": ["k0", "k1", "k9"]]), keys: 2) }.contains("and no other"))
    #expect(reason { try question(level(["a": ["k0", "k1"]], "n_low"), keys: 2) }.contains("exists already"))
    #expect(
      reason { try question(good, keys: 2, metrics: [Metric(name: "m", kind: .units)]) }.contains("do not add up"))
    #expect(
      reason {
        try question(
          good, keys: 2,
          metrics: [Metric(name: "m", kind: .count, postProcessing: PostProcessing(nonNegative: true))])
      }.contains("non_negative"))
    #expect(reason { try question(good, keys: 2, top: TopGroups(by: "n", count: 1)) }.contains("does not go with top"))
    #expect(throws: StatisticsError.self) { try Hierarchy(column: "key", levels: []) }
    #expect(throws: StatisticsError.self) { try level(["": ["k0", "k1"]]) }
    let other = try Hierarchy(column: "nothing", levels: [.init(name: "state", groups: ["a": ["k0"]])])
    #expect(reason { try question(other, keys: 1) }.contains("hierarchy.column"))
  }

  @Test func `the canonical text reads back as the same query`() throws {
    let hierarchy = try Hierarchy(
      column: "key", levels: [.init(name: "state", groups: ["a\"": ["k0"], "b": ["k1"]])])
    let question = try question(hierarchy, keys: 2)
    let back = try JSONDecoder().decode(Query.self, from: Data(question.canonicalText.utf8))
    #expect(back == question && back.canonicalText == question.canonicalText)
    let encoded = try JSONEncoder().encode(question)
    #expect(try JSONDecoder().decode(Query.self, from: encoded) == question)
  }
}
