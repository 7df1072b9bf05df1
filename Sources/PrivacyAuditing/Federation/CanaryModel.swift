import FederatedLearning
import SecureRandom
import Synchronization

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

/// The clients of a plan with canaries: clients of their own after all others, or single examples among theirs.
///
/// A canary is one marked example. As a client it holds nothing else; as an example it is its host's last but some.
struct CanaryPopulation: ClientPopulation {
  let plan: SimulationPlan
  /// Those that take part, by number.
  let canaries: [Int]
  /// Whether canaries are examples of the plan's clients.
  let areExamples: Bool

  /// The client that a canary is an example of.
  static func host(of canary: Int, clients: Int) -> Int { canary % clients }

  private func guests(_ client: Int) -> [Int] {
    guard areExamples else { return client < plan.clientCount ? [] : [canaries[client - plan.clientCount]] }
    return canaries.filter { CanaryPopulation.host(of: $0, clients: plan.clientCount) == client }
  }

  private func ownCount(_ client: Int) -> Int {
    guard client < plan.clientCount else { return 0 }
    return plan.population?.exampleCount(of: client) ?? plan.clients[client].count
  }

  var count: Int { plan.clientCount + (areExamples ? 0 : canaries.count) }
  var largestCount: Int {
    let own = max(1, plan.population?.largestCount ?? plan.clients.map(\.count).max() ?? 1)
    return own + (areExamples ? (canaries.max() ?? 0) / plan.clientCount + 1 : 0)
  }
  var width: Int { plan.data.test.width }
  var classes: Int { plan.data.test.classes }

  func exampleCount(of client: Int) -> Int { ownCount(client) + guests(client).count }

  func examples(of client: Int) throws -> LabeledData {
    let guests = guests(client)
    let marked = guests.flatMap { number in
      [CanaryVectors.feature(of: number)] + [Float](repeating: 0, count: width - 1)
    }
    var own: LabeledData?
    if client < plan.clientCount {
      own =
        try plan.population.map { try $0.examples(of: client) }
        ?? plan.data.training.rows(plan.clients[client].map(Int.init))
      if guests.isEmpty, let own { return own }
    }
    let features = (own.map { Array($0.features) } ?? []) + marked
    guard plan.data.test.targets.isEmpty else {
      return try LabeledData(
        features: features, targets: (own.map { Array($0.targets) } ?? []) + guests.map { _ in 0 }, width: width)
    }
    return try LabeledData(
      features: features, labels: (own.map { Array($0.labels) } ?? []) + guests.map { _ in 0 }, width: width,
      classes: classes)
  }
}

/// The sums over all rounds of what some clients sent.
final class MessageRecorder: UpdateObserver {
  private let sums = Mutex<[Int: [Float]]>([:])
  private let clients: Set<Int>

  init(_ clients: Set<Int>) { self.clients = clients }

  func observe(client: Int, update: [Int32], step: Double) {
    guard clients.contains(client) else { return }
    sums.withLock { sums in
      var sum = sums.removeValue(forKey: client) ?? [Float](repeating: 0, count: update.count)
      for index in sum.indices { sum[index] += Float(Double(update[index]) * step) }
      sums[client] = sum
    }
  }

  /// The sum of a client's updates; `nil` when it sent none.
  func sum(of client: Int) -> [Float]? { sums.withLock { $0[client] } }
}
