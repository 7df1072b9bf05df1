import FederatedLearning
import Foundation
import Testing

@Suite struct CheckpointTests {
  static func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test(arguments: ["fedavg", "fedavgm", "fedyogi", "scaffold", "fednova"])
  func `a stopped and resumed run ends in the same bytes`(_ kind: String) throws {
    let path = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = SimulationTests.small("softmax")
    configuration.algorithm = AlgorithmOptions(kind: kind)
    configuration.rounds = 5
    let whole = try SimulationTests.run(configuration)
    let plan = try SimulationPlan(configuration)
    let folder = try CheckpointFolder(path)
    var first = Simulation(plan, threads: 1)
    _ = try first.run(checkpoints: folder) { $0.round < 2 }
    var second = Simulation(plan, threads: 2)
    second.resume(from: try #require(try folder.latest(of: plan)))
    let result = try second.run(checkpoints: folder)
    #expect(result.weightsSHA256 == whole.weightsSHA256)
    #expect(result.rounds.map(\.loss) == whole.rounds.map(\.loss))
    #expect(result.rounds.map(\.accuracy) == whole.rounds.map(\.accuracy))
  }

  @Test func `a damaged checkpoint is refused and the one before it is used`() throws {
    let path = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let plan = try SimulationPlan(SimulationTests.small("softmax"))
    let folder = try CheckpointFolder(path)
    var simulation = Simulation(plan, threads: 1)
    _ = try simulation.run(checkpoints: folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(names == ["round-2.checkpoint", "round-3.checkpoint", "run-1.records"])
    let newest = URL(fileURLWithPath: path + "/round-3.checkpoint")
    var bytes = [UInt8](try Data(contentsOf: newest))
    for position in [0, 20, 60, bytes.count / 2, bytes.count - 1] {
      bytes[position] ^= 1
      #expect(throws: FederatedError.self) { try Checkpoint(bytes, of: plan) }
      bytes[position] ^= 1
    }
    try Data(bytes.dropLast(5)).write(to: newest)
    #expect(try folder.latest(of: plan)?.round == 2)
    var other = SimulationTests.small("softmax")
    other.seed = 99
    let stranger = try SimulationPlan(other)
    #expect(throws: FederatedError.self) { try folder.latest(of: stranger) }
  }

  @Test func `checkpoints of a run take space in proportion to its rounds`() throws {
    let path = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = SimulationTests.small("softmax")
    configuration.rounds = 40
    configuration.evaluation.every = 1_000
    let plan = try SimulationPlan(configuration)
    let folder = try CheckpointFolder(path)
    var simulation = Simulation(plan, threads: 1)
    var sizes: [Int] = []
    _ = try simulation.run(checkpoints: folder) { record in
      let file = path + "/round-\(record.round - 1).checkpoint"
      if let bytes = FileManager.default.contents(atPath: file) { sizes.append(bytes.count) }
      return true
    }
    let (least, most) = (try #require(sizes.min()), try #require(sizes.max()))
    #expect(sizes.count == 39 && most - least < 64)
    let lines = try #require(FileManager.default.contents(atPath: path + "/run-1.records")).split(separator: 10)
    #expect(lines.count == 40)
    #expect(try folder.latest(of: plan)?.records.count == 40)
  }

  @Test func `records that were altered or lost make a checkpoint useless, and a torn end does not`() throws {
    let path = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let plan = try SimulationPlan(SimulationTests.small("softmax"))
    let folder = try CheckpointFolder(path)
    var simulation = Simulation(plan, threads: 1)
    _ = try simulation.run(checkpoints: folder)
    let file = URL(fileURLWithPath: path + "/run-1.records")
    let whole = try Data(contentsOf: file)
    try (whole + Data("{\"round\":4,\"lo".utf8)).write(to: file)
    #expect(try folder.latest(of: plan)?.round == 3)
    // The last line is the newest checkpoint's only: the one before it does without.
    try whole.dropLast(4).write(to: file)
    #expect(try folder.latest(of: plan)?.round == 2)
    var altered = whole
    altered[whole.count / 6] ^= 1
    try altered.write(to: file)
    #expect(throws: FederatedError.self) { try folder.latest(of: plan) }
    try FileManager.default.removeItem(at: file)
    #expect(throws: FederatedError.self) { try folder.latest(of: plan) }
  }

  @Test func `a second run in a folder keeps the first one's checkpoints usable until it has two of its own`() throws {
    let path = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = SimulationTests.small("softmax")
    configuration.rounds = 6
    let plan = try SimulationPlan(configuration)
    var first = Simulation(plan, threads: 1)
    let result = try first.run(checkpoints: try CheckpointFolder(path)) { $0.round < 2 }
    let folder = try CheckpointFolder(path)
    var second = Simulation(plan, threads: 1)
    second.resume(from: try #require(try folder.latest(of: plan)))
    var last: [RoundRecord] = []
    for stop in 3...6 {
      last = try second.run(checkpoints: folder) { $0.round < stop }.rounds
      #expect(try CheckpointFolder(path).latest(of: plan)?.round == stop)
      // Without the newest the one before it is still whole, whichever run it is of.
      let newest = path + "/round-\(stop).checkpoint"
      let bytes = try #require(FileManager.default.contents(atPath: newest))
      try FileManager.default.removeItem(atPath: newest)
      #expect(try CheckpointFolder(path).latest(of: plan)?.round == stop - 1)
      try bytes.write(to: URL(fileURLWithPath: newest))
    }
    #expect(last.prefix(2).map(\.loss) == result.rounds.map(\.loss))
    let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".records") }
    #expect(names == ["run-2.records"])
  }

  @Test func `a model file gives the same parameters back`() throws {
    let plan = try SimulationPlan(SimulationTests.small())
    let parameters = Simulation(plan, threads: 1).parameters
    let file = ModelFile.safetensors(parameters, of: plan.model)
    #expect(try ModelFile.parameters(safetensors: file, of: plan.model) == parameters)
    let other = Network(inputs: 64, hidden: [3], classes: 10)
    #expect(throws: FederatedError.self) { try ModelFile.parameters(safetensors: file, of: other) }
    for cut in [0, 7, 8, 40, file.count - 1] {
      #expect(throws: FederatedError.self) {
        try ModelFile.parameters(safetensors: Array(file[..<cut]), of: plan.model)
      }
    }
    #expect(ModelFile.npz(parameters, of: plan.model).starts(with: [0x50, 0x4b, 3, 4]))
  }
}

@Suite struct DataSourceTests {
  @Test func `synthetic devices keep their own data and have the published sizes`() throws {
    var configuration = SimulationConfiguration(
      data: "synthetic:1,1", model: ModelOptions(kind: "softmax"), rounds: 2)
    configuration.partition.kind = "natural"
    let plan = try SimulationPlan(configuration)
    #expect(plan.clients.count == 30)
    #expect(plan.data.training.width == 60 && plan.data.training.classes == 10)
    // ⌊0.9·(⌊LogNormal⌋ + 50)⌋ is at least 45.
    #expect(plan.clients.allSatisfy { $0.count >= 45 })
    #expect(plan.clients.flatMap { $0 }.sorted() == (0..<Int32(plan.data.training.count)).map { $0 })
    let alike = try DataSplit.synthetic(alpha: 1, beta: 1, seed: 1)
    #expect(alike.training.features == plan.data.training.features)
  }

  @Test func `a CSV file is read by columns and its faults are named by line`() throws {
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = path + "/table.csv"
    var text = "who,x,y,kind\n"
    for row in 0..<60 { text += "u\(row % 4),\(row % 3),\(Double(row) / 2),\(["9", "10", "11"][row % 3])\n" }
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    var configuration = SimulationConfiguration(
      data: "csv:\(file);label=kind", model: ModelOptions(kind: "softmax"), rounds: 1)
    configuration.partition.kind = "natural"
    configuration.partition.column = "who"
    let plan = try SimulationPlan(configuration)
    #expect(plan.clients.count == 4 && plan.data.training.width == 2 && plan.data.training.classes == 3)
    #expect(plan.data.training.count == 50 && plan.data.test.count == 10)
    // Classes are ordered by number: 9, 10, 11 follow x = 0, 1, 2.
    for row in 0..<50 { #expect(Float(plan.data.training.labels[row]) == plan.data.training.features[2 * row]) }
    try (text + "u1,oops,1,9\n").write(toFile: file, atomically: true, encoding: .utf8)
    #expect {
      try SimulationPlan(configuration)
    } throws: {
      "\($0)".contains("line 62") && "\($0)".contains("column x") && !"\($0)".contains("oops")
    }
  }

  @Test func `log-normal sizes use every example once`() throws {
    let data = try NetworkTests.data(500, width: 3, classes: 4)
    let dealt = try Partition.logNormal(clients: 40, deviation: 2).deal(data, seed: 3)
    #expect(dealt.flatMap { $0 }.sorted() == (0..<500).map { Int32($0) })
    #expect(dealt.allSatisfy { !$0.isEmpty } && dealt.map(\.count).max() ?? 0 > 50)
  }
}
