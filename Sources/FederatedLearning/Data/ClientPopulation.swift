private import CKernels
import SecureRandom

/// Clients whose examples are made or read when they are drawn, so that memory holds a cohort and not a population.
///
/// The coordinator asks for a client's examples on the thread that trains it and forgets them after. What is returned
/// must be a function of the client alone, or resumed runs and other numbers of threads would differ.
public protocol ClientPopulation: Sendable {
  /// The number of clients.
  var count: Int { get }
  /// The most examples that any client has.
  var largestCount: Int { get }
  /// The number of features of an example.
  var width: Int { get }
  /// The number of classes.
  var classes: Int { get }

  /// How many examples a client has; asked for without loading them.
  func exampleCount(of client: Int) -> Int

  /// The examples of a client.
  ///
  /// - Throws: anything; the client then counts as one that failed, and the round goes on.
  func examples(of client: Int) throws -> LabeledData
}

/// Any number of clients of the Synthetic(α, β) kind of FedProx, each made from the seed when it is drawn.
///
/// The laws are those of ``DataSplit/synthetic(alpha:beta:seed:)`` but for the sizes, which are all alike; each client
/// has a stream of its own.
public struct SyntheticPopulation: ClientPopulation, Hashable {
  /// The number of clients.
  public let count: Int
  /// The number of examples of every client.
  public let largestCount: Int
  /// 60 features.
  public var width: Int { 60 }
  /// 10 classes.
  public var classes: Int { SyntheticModel.classes }
  private let alpha: Double
  private let beta: Double
  private let seed: UInt64

  /// A population of `clients` with `examples` each.
  ///
  /// - Throws: ``FederatedError`` when a number is out of range.
  public init(
    clients: Int, examples: Int, alpha: Double, beta: Double, seed: UInt64
  ) throws(FederatedError) {
    guard (1...1_000_000_000).contains(clients), (1...65_535).contains(examples) else {
      throw FederatedError(.data, "data", "needs 1 to 10^9 clients of 1 to 65535 examples")
    }
    guard alpha >= 0, beta >= 0, alpha.isFinite, beta.isFinite else {
      throw FederatedError(.data, "data", "synthetic needs two finite numbers of at least zero")
    }
    (count, largestCount) = (clients, examples)
    (self.alpha, self.beta, self.seed) = (alpha, beta, seed)
  }

  /// The same for all.
  public func exampleCount(of client: Int) -> Int { largestCount }

  /// Draws a client's examples from its own stream.
  public func examples(of client: Int) throws -> LabeledData { try draw(client, largestCount) }

  private func draw(_ client: Int, _ count: Int) throws(FederatedError) -> LabeledData {
    var generator = SimulationGenerator(seed: seed, stream: "synthetic-population").substream(client)
    let modelMean = alpha * generator.normal()
    let inputMean = beta * generator.normal()
    let centre = (0..<width).map { _ in inputMean + generator.normal() }
    let model = SyntheticModel(mean: modelMean, &generator)
    let (features, labels) = model.examples(count, around: centre, &generator)
    return try LabeledData(features: features, labels: labels, width: width, classes: classes)
  }

  /// Further examples of the first clients, twenty at most of each of a hundred, as a test set.
  public func testSet() throws(FederatedError) -> LabeledData {
    var features: [Float] = []
    var labels: [UInt16] = []
    for client in 0..<min(100, count) {
      let more = try draw(client, largestCount + 20)
      features += more.features[(largestCount * width)...]
      labels += more.labels[largestCount...]
    }
    return try LabeledData(features: features, labels: labels, width: width, classes: classes)
  }
}
