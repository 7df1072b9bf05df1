import Foundation
import Testing

/// `tacit simulate`, `tacit predict` and `tacit tradeoff`, as a person runs them.
@Suite struct SimulationVerbTests {
  /// Four rounds of softmax regression on digits, with a line of one's own.
  static func configuration(_ line: String = "", rounds: Int = 4) -> String {
    """
    data: digits
    partition: { kind: dirichlet, clients: 30, alpha: 0.5 }
    model: { kind: softmax }
    cohort: { sampling: fixed, size: 10 }
    rounds: \(rounds)
    seed: 3
    \(line)

    """
  }

  private static func weights(_ run: CommandRun) throws -> String {
    try #require(run.json?["weights_sha256"] as? String)
  }

  @Test func `the document of a training has every documented key`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration("evaluation: { every: 3 }"), to: "c.yaml")
    let run = try folder.run("simulate", "c.yaml", "--json")
    #expect(run.code == 0 && run.error.isEmpty)
    let json = try #require(run.json)
    #expect(json["epsilon"] is NSNull && json["delta"] is NSNull)
    #expect((json["final"] as? [String: Any])?["accuracy"] is Double)
    #expect(json["seconds"] is Double && (json["weights_sha256"] as? String)?.count == 64)
    let rounds = try #require(json["rounds"] as? [[String: Any]])
    #expect(rounds.map { $0["round"] as? Int } == [1, 2, 3, 4])
    #expect(rounds.allSatisfy { $0["loss"] is Double && $0["seconds"] is Double && $0["evaluation_seconds"] is Double })
    // Measured every third round and always after the last.
    #expect(rounds.map { $0["accuracy"] is NSNull } == [true, true, false, false])
  }

  @Test func `a model file of either format starts a training from where it ended`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration(), to: "c.yaml")
    let first = try folder.run("simulate", "c.yaml", "--output", "m.npz", "--threads", "1", "--json")
    let again = try folder.run("simulate", "c.yaml", "--output", "m.safetensors", "--threads", "3", "--json")
    #expect(try Self.weights(first) == Self.weights(again))
    let fromOne = try folder.run("simulate", "c.yaml", "--init", "m.npz", "--json")
    let fromOther = try folder.run("simulate", "c.yaml", "--init", "m.safetensors", "--json")
    #expect(try Self.weights(fromOne) == Self.weights(fromOther))
    #expect(try Self.weights(fromOne) != Self.weights(first))
    func accuracy(_ run: CommandRun) throws -> Double {
      let rounds = try #require(run.json?["rounds"] as? [[String: Any]])
      return try #require(rounds.first?["accuracy"] as? Double)
    }
    #expect(try accuracy(fromOne) > accuracy(first))
  }

  @Test func `what is no model, or another model, is refused by name before any round`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration(), to: "c.yaml")
    try folder.write(
      Self.configuration().replacingOccurrences(of: "softmax", with: "mlp, hidden: [5]"), to: "other.yaml")
    #expect(try folder.run("simulate", "c.yaml", "--output", "m.npz", "--json").code == 0)
    #expect(try folder.run("simulate", "c.yaml", "--init", "c.yaml").isRefusal(1, naming: "c.yaml", "safetensors"))
    #expect(try folder.run("simulate", "other.yaml", "--init", "m.npz").isRefusal(1, naming: "layer"))
    #expect(try folder.run("simulate", "c.yaml", "--init", "absent.npz").isRefusal(1, naming: "absent.npz"))
    #expect(try folder.run("simulate", "c.yaml", "--output", "m.npz").isRefusal(1, naming: "m.npz", "--force"))
    #expect(try folder.run("simulate", "c.yaml", "--init", "m.npz", "--resume", "--checkpoint", "k").code == 64)
    #expect(try folder.run("simulate", "c.yaml", "--output", "m.bin").code == 64)
  }

  @Test func `predictions are those whose accuracy the training printed`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration(), to: "c.yaml")
    let trained = try folder.run("simulate", "c.yaml", "--output", "m.safetensors", "--json")
    let expected = try #require((trained.json?["final"] as? [String: Any])?["accuracy"] as? Double)
    let run = try folder.run("predict", "c.yaml", "m.safetensors", "--json")
    #expect(run.json?["accuracy"] as? Double == expected)
    let answers = try #require(run.json?["answers"] as? [Int])
    #expect(answers.count == 360 && answers.allSatisfy { (0...9).contains($0) })
    let lines = try folder.run("predict", "c.yaml", "m.safetensors").output.split(separator: "\n").map { Int($0) }
    #expect(lines == answers)
  }

  @Test func `a training that goes on from a checkpoint ends in the same weights`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration(), to: "whole.yaml")
    try folder.write(Self.configuration(rounds: 2), to: "half.yaml")
    #expect(try folder.run("simulate", "half.yaml", "--checkpoint", "k").code == 0)
    let resumed = try folder.run("simulate", "whole.yaml", "--checkpoint", "k", "--resume", "--json")
    #expect(try Self.weights(resumed) == Self.weights(folder.run("simulate", "whole.yaml", "--json")))
  }

  @Test func `the printed example runs, and its keys are the documented ones`() throws {
    let folder = try Folder()
    let text = try folder.run("simulate", "--print-config").output
    for key in [
      "data", "partition", "model", "algorithm", "client", "cohort", "rounds", "privacy", "quantize", "weighting",
      "aggregation", "robust", "attack", "dropout", "evaluation", "target_accuracy", "seed",
    ] {
      #expect(text.contains("\n\(key):") || text.contains("\n# \(key):"), "\(key)")
    }
    let run = try folder.run(
      "simulate", "-", "--json", input: text.replacingOccurrences(of: "rounds: 20", with: "rounds: 1"))
    #expect(run.code == 0 && run.json != nil)
  }

  @Test func `pairs that do not go together and misspelt words are refused by key`() throws {
    let folder = try Folder()
    for (line, word) in [
      ("robust: { kind: median }\naggregation: { kind: pairwise }", "robust.kind"),
      ("algorithm: { kind: fedbuff }\naggregation: { kind: pairwise }", "fedbuff"),
      ("algorithm: { kind: scaffold }\nprivacy: { clip: 1, epsilon: 8, delta: 1e-5 }", "algorithm.kind"),
      ("algorithm: { kind: fedavg, mu: 1 }", "algorithm.mu"),
      ("agregation: { kind: plain }", "did you mean aggregation"),
      ("algorithm: { kind: fedporx }", "fedprox"),
      ("weighting: examples\nprivacy: { clip: 1, epsilon: 8, delta: 1e-5 }", "weighting"),
      ("quantize: { range: 2 }\nprivacy: { clip: 1, epsilon: 8, delta: 1e-5 }", "quantize.range"),
    ] {
      try folder.write(Self.configuration(line), to: "c.yaml")
      #expect(try folder.run("simulate", "c.yaml", "--json").isRefusal(1, naming: "c.yaml", word), "\(line)")
    }
  }

  @Test func `a trade-off prints means with their errors for every epsilon and a page with a plot`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration("privacy: { clip: 1, epsilon: 8, delta: 1e-5 }", rounds: 2), to: "c.yaml")
    let run = try folder.run(
      "tradeoff", "c.yaml", "--epsilons", "0.5,8", "--repeats", "2", "--report", "page", "--json")
    #expect(run.code == 0 && run.error.isEmpty)
    let points = try #require(run.json?["points"] as? [[String: Any]])
    #expect(points.map { $0["epsilon"] as? Double } == [0.5, 8])
    for point in points {
      let accuracies = try #require(point["accuracies"] as? [Double])
      let (mean, error) = (
        try #require(point["accuracy_mean"] as? Double), try #require(point["accuracy_standard_error"] as? Double)
      )
      #expect(accuracies.count == 2 && abs(mean - (accuracies[0] + accuracies[1]) / 2) < 1e-12)
      // Of two numbers the standard error of the mean is half their distance.
      #expect(abs(error - abs(accuracies[0] - accuracies[1]) / 2) < 1e-12)
      let certified = try #require(point["epsilon_certified"] as? Double)
      #expect(certified <= (point["epsilon"] as? Double ?? 0) && certified > 0)
    }
    #expect(run.json?["delta"] as? Double == 1e-5 && run.json?["repeats"] as? Int == 2)
    let page = try folder.read("page/report.html")
    #expect(page.contains("<svg") && page.contains("without privacy"))
    #expect(try folder.run("tradeoff", "c.yaml", "--epsilons", "1", "--report", "page").isRefusal(1, naming: "--force"))
  }

  @Test func `a trade-off tells what half of an epsilon takes, and its CSV says what its JSON says`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration("privacy: { clip: 1, epsilon: 8, delta: 1e-5 }", rounds: 4), to: "c.yaml")
    let arguments = ["tradeoff", "c.yaml", "--epsilons", "2,4", "--grid", "client.learning_rate=0.05,0.1"]
    let keep = ["--checkpoint", "k", "--resume"]
    let json = try #require(try CommandRun(arguments + keep + ["--json"], in: folder).json)
    let points = try #require(json["points"] as? [[String: Any]])
    #expect(points.count == 4 && points.contains { $0["on_frontier"] as? Bool == true })
    for point in points {
      let halving = try #require(point["halving"] as? [String: Any])
      // Full participation: the deviation of Gaussian noise grows a little slower than 1/ε, and ε a little faster than
      // √rounds, so half takes nearly twice the clients, or ends after a quarter of the rounds or the next one.
      let clients = try #require(halving["clients"] as? Double)
      #expect(clients > 1.7 && clients < 2.05)
      #expect((1...2).contains(halving["rounds"] as? Int ?? 0))
      // Nothing is on the frontier that another point beats in both.
      let (epsilon, mean) = (point["epsilon"] as? Double ?? 0, point["accuracy_mean"] as? Double ?? 0)
      let isBeaten = points.contains { other in
        let (others, accuracy) = (other["epsilon"] as? Double ?? 0, other["accuracy_mean"] as? Double ?? 0)
        return others <= epsilon && accuracy >= mean && (others < epsilon || accuracy > mean)
      }
      #expect(point["on_frontier"] as? Bool == !isBeaten)
    }
    let lines = try CommandRun(arguments + keep + ["--csv"], in: folder).output.split(separator: "\n")
    #expect(lines.count == 1 + 2 * 3 && lines[0].hasPrefix("setting,epsilon,"))
    let rest = lines.dropFirst().filter { !$0.contains("\",,,") }
    #expect(rest.count == 4)
    for (line, point) in zip(rest, points) {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      #expect(cells.count == 10 && Double(cells[1]) == point["epsilon"] as? Double)
      // Reading JSON may round the last bit.
      let (mean, other) = (Double(cells[3]) ?? .nan, point["accuracy_mean"] as? Double ?? .nan)
      #expect(abs(mean - other) < 1e-12)
    }
    #expect(try CommandRun(arguments + ["--csv", "--json"], in: folder).code == 64)
    // The rounds of a grid are those that are spoken of.
    let text = try folder.run("tradeoff", "c.yaml", "--epsilons", "2", "--grid", "rounds=2,3").output
    #expect(text.contains("of 2 rounds") && text.contains("of 3 rounds") && !text.contains("of 4 rounds"))
  }

  @Test func `a trade-off that was stopped goes on without training again`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration("privacy: { clip: 1, epsilon: 8, delta: 1e-5 }", rounds: 2), to: "c.yaml")
    let first = try folder.run("tradeoff", "c.yaml", "--epsilons", "2", "--checkpoint", "k", "--json")
    let again = try folder.run("tradeoff", "c.yaml", "--epsilons", "2,4", "--checkpoint", "k", "--resume", "--json")
    // Noise is secret and fresh, so equal accuracies mean that nothing was trained again.
    let (one, two) = (first.json?["points"] as? [[String: Any]], again.json?["points"] as? [[String: Any]])
    #expect(one?.count == 1 && two?.count == 2)
    #expect(one?[0]["accuracies"] as? [Double] == two?[0]["accuracies"] as? [Double])
    #expect(try folder.read("k/trainings.jsonl").split(separator: "\n").count == 3)
    #expect(
      try folder.run("tradeoff", "c.yaml", "--epsilons", "2", "--checkpoint", "k").isRefusal(1, naming: "--resume"))
  }

  @Test func `a trade-off without privacy, or with epsilons that are none, is refused`() throws {
    let folder = try Folder()
    try folder.write(Self.configuration(), to: "c.yaml")
    #expect(try folder.run("tradeoff", "c.yaml", "--epsilons", "1").isRefusal(1, naming: "privacy"))
    for wrong in ["0", "1,,2", "x", "1e400x", "-1"] {
      #expect(try folder.run("tradeoff", "c.yaml", "--epsilons=\(wrong)").code == 64, "\(wrong)")
    }
  }
}
