import DifferentialPrivacy
import ExactMath
import FederatedLearning
import Paillier
import PrivacyAccounting
import PrivateStatistics
import SecureRandom
import TableFormats
import Testing

/// The Swift halves of the pages for people who come from other libraries: they compile, and do what the pages say.
@Suite struct PeerGuideTests {
  @Test func `the page for python-paillier adds three updates`() throws {
    let key = try PaillierPrivateKey.generate(.bits3072)
    let plan = try SlotPlan(valueBits: 16, maxSummands: 1024, for: key.publicKey)
    var encryptor = try Encryptor(key.publicKey)
    let updates: [[Int64]] = [[1, -1, 100], [2, -1, 100], [3, -1, 100]]
    let encrypted = try updates.map { try encryptor.encrypt($0, plan) }
    let sums = try EncryptedVector.sum(encrypted)
    let totals = try key.decrypt(sums, minimumSummands: 3)
    #expect(totals == [6, -3, 300])
    GuideText.check("Sources/Paillier/Paillier.docc/FromPythonPaillier.md", atLeast: 7)
  }

  @Test func `the page for OpenDP releases a count and knows its cost`() throws {
    let mechanism = try DiscreteLaplaceMechanism(scale: 10)
    var generator = SecureGenerator()
    let released = mechanism.release(42, using: &generator)
    let accountant = PureAccountant()
    let epsilon = try accountant.epsilon(of: mechanism.event, delta: Delta(0), adjacency: .addOrRemove).upper
    let chosen = try DiscreteLaplaceMechanism(epsilon: Epsilon("0.1"))
    // Noise of scale 10 beyond 400 has probability e^-40.
    #expect((-400...500).contains(released))
    #expect(epsilon >= 0.1 && epsilon < 0.100_001)
    #expect(chosen.event == mechanism.event)
    GuideText.check("Sources/DifferentialPrivacy/DifferentialPrivacy.docc/FromOpenDP.md", atLeast: 6)
  }

  @Test func `the page for diffprivlib answers a mean and a histogram for the price it says`() throws {
    let table = Array(("age\n" + (0..<900).map { "\(10 + $0 % 3 * 30)\n" }.joined()).utf8)
    let query = try Query(
      privacyUnit: .rows, epsilon: Epsilon("1"), delta: Delta("0"),
      metrics: [
        Metric(name: "mean", kind: .mean, column: "age", range: 0...100),
        Metric(name: "counts", kind: .histogram, column: "age", edges: [0, 25, 50, 100]),
      ])
    let budget = SharedBudget(try PrivacyBudget(.pure(Epsilon("1"))))
    var accumulator = try Accumulator(query, key: SamplingKey())
    var reader = try CSVReader(ByteSource(table, name: "ages.csv"), columns: query.columns)
    try accumulator.add(&reader)
    let answers = try accumulator.release(charging: budget, label: "ages")
    #expect(budget.spent.loss == 1)
    #expect(answers.names.count == 4)
    // 300 people a bin; noise beyond 200 at ε ≥ 1/4 has probability below e^-50.
    #expect(answers.rows[0].values.dropFirst().allSatisfy { abs($0.value - 300) < 200 })
    GuideText.check("Sources/PrivateStatistics/PrivateStatistics.docc/FromDiffprivlib.md", atLeast: 11)
  }

  @Test func `the page for Flower trains within its epsilon`() throws {
    var settings = SimulationConfiguration(data: "digits", model: ModelOptions(kind: "softmax"), rounds: 30)
    settings.partition = PartitionOptions(kind: "dirichlet", clients: 60, alpha: 0.5)
    settings.cohort = CohortOptions(sampling: "poisson", rate: 0.2)
    settings.client = ClientOptions(epochs: 2, batchSize: 10, learningRate: 0.2)
    settings.algorithm = AlgorithmOptions(kind: "fedavg")
    settings.privacy = PrivacyOptions(clip: 1, epsilon: 8, delta: 1e-4, noise: "gaussian")
    var simulation = Simulation(try SimulationPlan(settings))
    let result = try simulation.run()
    #expect(try #require(result.epsilon).upper <= 8)
    GuideText.check("Sources/FederatedLearning/FederatedLearning.docc/FromFlower.md", atLeast: 8)
  }
}
