import ExactMath
import FederatedLearning
import Foundation
import PrivacyAccounting
import Synchronization
import Testing

/// A budget without a limit that remembers what it was charged.
private final class Recorder: BudgetAuthority {
  let adjacency = Adjacency.addOrRemove
  private let charges = Mutex<[(event: String, label: String)]>([])

  func charge(_ event: PrivacyEvent, label: String) -> BudgetReceipt {
    charges.withLock {
      $0.append((event.description, label))
      return BudgetReceipt(event: event, label: label, position: $0.count, remaining: "all")
    }
  }

  var events: [String] { charges.withLock { $0.map(\.event) } }
  var labels: [String] { charges.withLock { $0.map(\.label) } }
}

/// A training is paid for once, however often it is stopped; a round that is drawn again after it was seen, again.
@Suite struct ResumedChargeTests {
  static func plan(rounds: Int = 6) throws -> SimulationPlan {
    var configuration = PrivacyTests.configuration(rounds: rounds)
    configuration.privacy?.noiseSource = nil
    return try SimulationPlan(configuration)
  }

  /// Trains in a folder until a round was seen; the process may then die before a checkpoint that is not due.
  private func train(
    _ plan: SimulationPlan, in path: String, every: Int = 1, charging recorder: Recorder, resumes: Bool,
    dyingAfter last: Int? = nil
  ) throws {
    struct Death: Error {}
    let folder = try CheckpointFolder(path, every: every)
    var simulation = Simulation(plan, threads: 1)
    if resumes, let checkpoint = try folder.latest(of: plan) { simulation.resume(from: checkpoint) }
    do {
      _ = try simulation.run(charging: recorder, checkpoints: folder) { record in
        if record.round == last { throw Death() }
        return true
      }
    } catch is Death {}
  }

  @Test func `a training that dies again and again is charged once`() throws {
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let recorder = Recorder()
    let plan = try Self.plan()
    try train(plan, in: path, charging: recorder, resumes: true, dyingAfter: 1)
    try train(plan, in: path, charging: recorder, resumes: true, dyingAfter: 3)
    try train(plan, in: path, charging: recorder, resumes: true, dyingAfter: 4)
    try train(plan, in: path, charging: recorder, resumes: true)
    try train(plan, in: path, charging: recorder, resumes: true)
    #expect(recorder.events == [try #require(plan.privacy).event(rounds: 6).description])
    #expect(recorder.labels[0].hasPrefix("federated training "))
    #expect(try CheckpointFolder(path).latest(of: plan)?.round == 6)
  }

  @Test func `rounds that were seen and are drawn again are charged again`() throws {
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let recorder = Recorder()
    let plan = try Self.plan()
    let privacy = try #require(plan.privacy)
    // Checkpoints after rounds 3 and 6: dying after round 5 draws rounds 4 and 5 again.
    try train(plan, in: path, every: 3, charging: recorder, resumes: false, dyingAfter: 5)
    try train(plan, in: path, every: 3, charging: recorder, resumes: true, dyingAfter: 4)
    try train(plan, in: path, every: 3, charging: recorder, resumes: true)
    let expected = try [6, 2, 1].map { try privacy.event(rounds: $0).description }
    #expect(recorder.events == expected)
    #expect(Set(recorder.labels.map { $0.split(separator: " ").last }).count == 1)
  }

  @Test func `a damaged newest checkpoint costs the round that is drawn again`() throws {
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let recorder = Recorder()
    let plan = try Self.plan()
    let privacy = try #require(plan.privacy)
    try train(plan, in: path, charging: recorder, resumes: false, dyingAfter: 4)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(path)/round-4.checkpoint"))
    try train(plan, in: path, charging: recorder, resumes: true)
    let expected = try [6, 1].map { try privacy.event(rounds: $0).description }
    #expect(recorder.events == expected)
  }

  @Test func `more rounds are charged as more, and a folder is not begun anew unnoticed`() throws {
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let recorder = Recorder()
    let plan = try Self.plan(rounds: 2)
    try train(plan, in: path, charging: recorder, resumes: false)
    let longer = try Self.plan(rounds: 5)
    try train(longer, in: path, charging: recorder, resumes: true)
    let privacy = try #require(plan.privacy)
    let expected = try [2, 3].map { try privacy.event(rounds: $0).description }
    #expect(recorder.events == expected)
    #expect(throws: FederatedError.self) { try train(longer, in: path, charging: recorder, resumes: false) }
    #expect(recorder.events.count == 2)
  }
}
