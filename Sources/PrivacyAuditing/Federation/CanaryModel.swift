import FederatedLearning
import SecureRandom

/// A model whose clients may be canaries: a canary's example is a mark, and its update is a vector of its own.
///
/// The simulator trains, clips, sums and adds noise as always; nothing in it knows of canaries.
struct CanaryModel<Base: FederatedModel>: FederatedModel {
  typealias Scratch = Base.Scratch

  let base: Base
  let vectors: CanaryVectors
  /// The norm that a canary sends: above the clip, so that the clip decides.
  let norm: Double

  var parameterCount: Int { base.parameterCount }
  var layout: [ModelPart] { base.layout }
  var classifies: Bool { base.classifies }

  func initialParameters(_ generator: inout SimulationGenerator) -> [Float] { base.initialParameters(&generator) }

  func makeScratch(batch: Int) -> Base.Scratch { base.makeScratch(batch: batch) }

  func descend(
    _ parameters: inout [Float], on data: LabeledData, examples: ArraySlice<Int32>, rate: Float,
    scratch: inout Base.Scratch
  ) -> Double {
    guard let first = examples.first, let number = CanaryVectors.number(of: data.features[Int(first) * data.width])
    else { return base.descend(&parameters, on: data, examples: examples, rate: rate, scratch: &scratch) }
    vectors.forEachSign(number) { index, isPositive in
      parameters[index] += Float((isPositive ? norm : -norm) * vectors.size)
    }
    return 0
  }

  func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, scratch: inout Base.Scratch, answers: inout [Float]
  ) -> Double { base.evaluate(parameters, on: data, range: range, scratch: &scratch, answers: &answers) }
}

/// Random directions ±1/√d, made from a seed whenever they are needed.
struct CanaryVectors: Sendable {
  let dimension: Int
  private let generator: SimulationGenerator

  init(dimension: Int, seed: UInt64) {
    self.dimension = dimension
    generator = SimulationGenerator(seed: seed, stream: "canaries")
  }

  /// The magnitude of every coordinate.
  var size: Double { 1 / Double(dimension).squareRoot() }

  func forEachSign(_ canary: Int, _ body: (Int, Bool) -> Void) {
    var words = generator.substream(canary)
    var word: UInt64 = 0
    for index in 0..<dimension {
      if index % 64 == 0 { word = words.next() }
      body(index, word & 1 == 1)
      word >>= 1
    }
  }

  /// ⟨c, ρ⟩ for a unit vector c.
  func product(_ canary: Int, with vector: [Double]) -> Double {
    var sum = 0.0
    forEachSign(canary) { index, isPositive in sum += isPositive ? vector[index] : -vector[index] }
    return sum * size
  }

  // A finite number that no data hold: the largest exponent, negative, with the canary's number as fraction.
  private static let mark: UInt32 = 0xFF00_0000
  static let most = 1 << 23

  static func feature(of number: Int) -> Float { Float(bitPattern: mark | UInt32(number)) }

  static func number(of feature: Float) -> Int? {
    feature.bitPattern & mark == mark && feature.isFinite ? Int(feature.bitPattern & 0x7F_FFFF) : nil
  }
}

/// The clients of a plan and, after them, canaries with one marked example each.
struct CanaryPopulation: ClientPopulation {
  let plan: SimulationPlan
  let canaries: [Int]

  var count: Int { plan.clientCount + canaries.count }
  var largestCount: Int { max(1, plan.population?.largestCount ?? plan.clients.map(\.count).max() ?? 1) }
  var width: Int { plan.data.test.width }
  var classes: Int { plan.data.test.classes }

  func exampleCount(of client: Int) -> Int {
    guard client < plan.clientCount else { return 1 }
    return plan.population?.exampleCount(of: client) ?? plan.clients[client].count
  }

  func examples(of client: Int) throws -> LabeledData {
    guard client >= plan.clientCount else {
      guard let population = plan.population else {
        return try plan.data.training.rows(plan.clients[client].map(Int.init))
      }
      return try population.examples(of: client)
    }
    var features = [Float](repeating: 0, count: width)
    features[0] = CanaryVectors.feature(of: canaries[client - plan.clientCount])
    guard plan.data.test.targets.isEmpty else { return try LabeledData(features: features, targets: [0], width: width) }
    return try LabeledData(features: features, labels: [0], width: width, classes: classes)
  }
}
