import BenchmarkSupport
import FederatedLearning
import Foundation

/// Published experiments run again, in a form that fits a machine of two cores; every line names its seed.
struct Published {
  let seeds: [UInt64]
  /// Rounds of the FedAvg and robust tables; FedProx has its own.
  let rounds: Int

  /// One line of a table.
  struct Line {
    let table: String
    let setting: String
    let seed: UInt64
    let rounds: Int
    /// The first round whose accuracy reached the target; nil when none did.
    var roundsToTarget: Int?
    var target: Double?
    let accuracy: Double
    let best: Double
    let loss: Double?

    func report(to benchmark: Benchmark) {
      let name = "\(table), \(setting), seed \(seed)"
      benchmark.figure("\(name): accuracy after \(rounds) rounds", accuracy * 100, "%")
      benchmark.figure("\(name): best accuracy", best * 100, "%")
      if let target, let roundsToTarget {
        benchmark.figure("\(name): rounds to \((target * 1_000).rounded() / 10) %", Double(roundsToTarget), "rounds")
      }
      if let loss { benchmark.figure("\(name): test loss", loss) }
    }
  }

  private func line(
    _ table: String, _ setting: String, _ configuration: SimulationConfiguration, _ data: DataSplit?,
    target: Double? = nil
  ) throws -> Line {
    let plan = try data.map { try SimulationPlan(configuration, data: $0) } ?? SimulationPlan(configuration)
    var simulation = Simulation(plan, threads: 2)
    let result = try simulation.run()
    let measured = result.rounds.filter { $0.accuracy != nil }
    return Line(
      table: table, setting: setting, seed: configuration.seed, rounds: result.rounds.count,
      roundsToTarget: target.flatMap { target in measured.first { $0.accuracy ?? 0 >= target }?.round },
      target: target, accuracy: measured.last?.accuracy ?? 0, best: measured.compactMap(\.accuracy).max() ?? 0,
      loss: measured.last?.testLoss)
  }

  /// Table 1 of McMahan, Moore, Ramage, Hampson and Agüera y Arcas 2017, 2NN with C = 0.1, E = 1, B = 10: a hundred clients, IID and two shards each.
  func averaging(_ data: DataSplit, target: Double, _ show: (Line) -> Void) throws {
    for kind in ["iid", "shards"] {
      for seed in seeds {
        var configuration = twoLayer()
        configuration.partition = PartitionOptions(kind: kind, clients: 100)
        if kind == "shards" { configuration.partition.shardsPerClient = 2 }
        // A rate for each column, as the paper chose one by search: labels apart need smaller steps.
        configuration.client.learningRate = kind == "iid" ? 0.1 : 0.05
        configuration.rounds = rounds
        configuration.seed = seed
        show(try line("FedAvg 2NN", kind, configuration, data, target: target))
      }
    }
  }

  /// Figure 1 of Li, Sahu, Zaheer, Sanjabi, Talwalkar and Smith 2020, Synthetic(1,1): ten of thirty devices, 20 epochs, batches of 10, rate 0.01; FedAvg drops
  /// stragglers, FedProx takes what they have, with and without the proximal term.
  func proximal(_ show: (Line) -> Void) throws {
    for stragglers in [0, 0.5, 0.9] {
      for (name, algorithm, sends) in [
        ("FedAvg", AlgorithmOptions(kind: "fedavg"), "nothing"),
        ("FedProx mu 0", AlgorithmOptions(kind: "fedavg"), "partial"),
        ("FedProx mu 1", AlgorithmOptions(kind: "fedprox", mu: 1), "partial"),
      ] {
        for seed in seeds {
          var configuration = SimulationConfiguration(
            data: "synthetic:1,1", model: ModelOptions(kind: "softmax"), rounds: max(20, rounds))
          configuration.partition.kind = "natural"
          configuration.algorithm = algorithm
          configuration.client = ClientOptions(epochs: 20, batchSize: 10, learningRate: 0.01)
          configuration.cohort = CohortOptions(sampling: "fixed", size: 10)
          configuration.devices = DeviceOptions(stragglers: stragglers, stragglersSend: sends)
          configuration.seed = seed
          show(try line("FedProx Synthetic(1,1)", "\(name), \(Int(stragglers * 100)) % stragglers", configuration, nil))
        }
      }
    }
  }

  /// Which rule survives which attack: twenty clients of which four are hostile, digits, softmax regression.
  func robust(_ show: (Line) -> Void) throws {
    for attack in ["none", "sign-flip", "gaussian", "ipm", "alie", "min-max", "mimic"] {
      for rule in [
        "none", "median", "trimmed-mean", "krum", "multi-krum", "geometric-median", "centered-clipping", "bulyan",
      ] {
        for seed in seeds {
          var configuration = SimulationConfiguration(
            data: "digits", model: ModelOptions(kind: "softmax"), rounds: max(20, rounds / 2))
          configuration.partition = PartitionOptions(kind: "dirichlet", clients: 20, alpha: 1)
          configuration.attack = AttackOptions(kind: attack, fraction: attack == "none" ? nil : 0.2)
          if attack == "sign-flip" { configuration.attack.scale = 4 }
          if attack == "ipm" { configuration.attack.scale = 4 }
          configuration.robust = RobustOptions(kind: rule, bad: rule == "none" ? nil : 4)
          configuration.weighting = "uniform"
          configuration.seed = seed
          show(try line("robust rules", "\(attack) against \(rule == "none" ? "mean" : rule)", configuration, nil))
        }
      }
    }
  }
}
