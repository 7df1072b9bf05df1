import ExactMath
public import FederatedLearning
private import Glibc
import PrivacyAccounting
import SecureRandom

/// How much of single examples the updates of a training give away, without and with its protections.
///
/// In every trial a cohort of clients takes one step with one example each; the attacker reads the gradient of one
/// client, the float32 update as sent, the update on the grid, the sum of the cohort as a secure sum shows it, and that
/// sum with the round's noise. What is read is compared with the truth and thrown away.
public struct UpdateAudit: Sendable {
  /// One view of the attacker's.
  public struct Row: Sendable, Hashable {
    /// What is attacked.
    public let view: String
    /// Trials.
    public let trials: Int
    /// The median of the relative errors: largest difference over largest feature.
    public let medianError: Double
    /// The largest relative error.
    public let largestError: Double
    /// Trials with a relative error below a tenth of a per cent.
    public let exact: Int
    /// Trials in which the victim's example was the nearest of the cohort's to what was read.
    public let identified: Int
    /// What guessing would identify.
    public let chance: Double

    /// The exact 95 % interval of the share of trials with the example read.
    public var exactInterval: ClosedRange<Double> { Row.interval(exact, trials) }
    /// The exact 95 % interval of the share of trials with the victim identified.
    public var identifiedInterval: ClosedRange<Double> { Row.interval(identified, trials) }

    /// Whether more victims were identified than guessing explains, at 1 − alpha.
    public func leaks(alpha: Double) -> Bool {
      BinomialConfidence.lowerBound(successes: identified, trials: trials, error: alpha) > chance
    }

    private static func interval(_ hits: Int, _ trials: Int) -> ClosedRange<Double> {
      let low = BinomialConfidence.lowerBound(successes: hits, trials: trials, error: 0.025)
      return low...max(low, BinomialConfidence.upperBound(successes: hits, trials: trials, error: 0.025))
    }
  }

  /// Rows that a malicious server read out of sums with an imprint in the model.
  public struct ImprintRow: Sendable, Hashable {
    /// What is attacked.
    public let view: String
    /// Examples in the sum.
    public let examples: Int
    /// How many were read to a tenth of a per cent.
    public let recovered: Int
  }

  /// What was found.
  public struct Report: Sendable, Hashable {
    /// One row for each view, without protection first; what the server of this training sees is the third row if it
    /// sees single updates, else the last.
    public let rows: [Row]
    /// The malicious server, for models with a hidden layer.
    public let imprints: [ImprintRow]
    /// The cosine of optimisation's result to the victim's example, for models with a hidden layer.
    public let matchingCosine: Double?
    /// Clients of a sum.
    public let cohort: Int
    /// Standard deviation of the round's noise in a coordinate, in units of the update; 0 without.
    public let noise: Double
    /// Whether the server of this training sees single updates.
    public let showsSingleUpdates: Bool
    /// Whether a property of a client's data shows.
    public let property: PropertyAudit
  }

  private let plan: SimulationPlan
  private let network: Network
  private let trials: Int
  private let cohort: Int
  private let property: Int
  private let seed: UInt64

  /// An audit of a plan's updates.
  ///
  /// - Parameters:
  ///   - plan: What is trained.
  ///   - trials: Trials of every attack.
  ///   - property: The class whose presence in a client's data is guessed.
  ///   - seed: Fixes cohorts.
  /// - Throws: ``AuditError`` for a model that is no dense network, data that are made as they are drawn, or a class that
  ///   is not there.
  public init(
    _ plan: SimulationPlan, trials: Int = 200, property: Int = 0, seed: UInt64 = 1
  ) throws(AuditError) {
    guard let network = plan.model as? Network else {
      throw AuditError(.invalidSetting, "model.kind: must be softmax or mlp")
    }
    guard plan.population == nil else {
      throw AuditError(.invalidSetting, "data: must be dealt out to clients, not made as they are drawn")
    }
    guard (1...100_000).contains(trials) else { throw AuditError(.invalidSetting, "trials: must lie in 1…100000") }
    self.plan = plan
    self.network = network
    guard (0..<plan.data.training.classes).contains(property) else {
      throw AuditError(.invalidSetting, "property: there are the classes 0…\(plan.data.training.classes - 1)")
    }
    self.trials = trials
    self.property = property
    self.seed = seed
    cohort = min(
      max(2, Int(plan.cohort.expectedSize(clients: plan.clientCount).rounded())), plan.data.training.count)
  }

  /// Attacks.
  public func run() throws -> Report {
    var random = SimulationGenerator(seed: seed, stream: "update audit")
    var weights = SimulationGenerator(seed: plan.configuration.seed, stream: "weights")
    let parameters = network.initialParameters(&weights)
    let dense = try DenseNetwork(network, parameters: parameters.map(Double.init))
    let inversion = GradientInversion(network)
    let deviation = noiseDeviation
    var views = ["gradient in double precision", "update as sent, float32", "update on the grid"].map(Tally.init)
    views.append(Tally("secure sum of \(cohort) clients"))
    if deviation > 0 { views.append(Tally("secure sum of \(cohort) clients with noise")) }
    let own = ownDeviation
    if own > 0 { views.append(Tally("update with the client's own noise")) }
    var scratch = network.makeScratch(batch: 1)
    for _ in 0..<trials {
      let places = (0..<cohort).map { _ in Int(random.next() % UInt64(plan.data.training.count)) }
      let rows = places.map(row)
      let label = Int(plan.data.training.labels[places[0]])
      let exact = dense.gradients(rows[0], label: label).parameters
      views[0].add(inversion.reconstruct(gradient: exact)?.features, rows)
      var sum = [Double](repeating: 0, count: parameters.count)
      for (number, place) in places.enumerated() {
        var local = parameters
        _ = network.descend(
          &local, on: plan.data.training, examples: [Int32(place)], rate: plan.learningRate, scratch: &scratch)
        let update = zip(local, parameters).map { $0 - $1 }
        var grid = [Int32](repeating: 0, count: update.count)
        _ = plan.quantizer.quantize(update, into: &grid)
        let sent = grid.map { Double($0) * plan.quantizer.step }
        if number == 0 {
          let rate = Double(plan.learningRate)
          views[1].add(inversion.reconstruct(update: update.map(Double.init), rate: rate)?.features, rows)
          views[2].add(inversion.reconstruct(update: sent, rate: rate)?.features, rows)
          if own > 0 {
            let noised = sent.map { $0 + own * random.normal() }
            views[5].add(inversion.reconstruct(update: noised, rate: rate)?.features, rows)
          }
        }
        for index in sum.indices { sum[index] += sent[index] }
      }
      views[3].add(inversion.reconstruct(gradient: sum)?.features, rows)
      if deviation > 0 {
        for index in sum.indices { sum[index] += deviation * random.normal() }
        views[4].add(inversion.reconstruct(gradient: sum)?.features, rows)
      }
    }
    return Report(
      rows: views.map { $0.row(chance: 1 / Double(cohort)) }, imprints: imprints(dense, deviation, &random),
      matchingCosine: matching(dense, &random), cohort: cohort, noise: deviation,
      showsSingleUpdates: showsSingleUpdates,
      property: try PropertyAudit(
        plan, label: property, cohort: cohort, noise: deviation, ownNoise: own, trials: trials, seed: seed))
  }

  /// Whether updates go to the server as they are, not summed by a protocol.
  private var isPlain: Bool { if case .plain = plan.aggregation { true } else { false } }

  /// Whether the configuration lets the server see updates one by one and without noise.
  private var showsSingleUpdates: Bool { isPlain && plan.privacy?.placement != .local }

  /// The standard deviation in a coordinate of the noise that a client, or the server, adds.
  private var singleDeviation: Double {
    guard let privacy = plan.privacy else { return 0 }
    let deviation = privacy.variance.variance.doubleValue.squareRoot()
    guard privacy.unit == .example, let clip = plan.configuration.privacy?.clip?.value else {
      return deviation * plan.quantizer.step
    }
    // Noise of a step is on the grid of single gradients; here one example is the whole step.
    let step = clip.doubleValue / Double(Int64(1) << (plan.configuration.quantize.bits - 1))
    return deviation * step * Double(plan.learningRate)
  }

  /// The standard deviation of a sum's noise in a coordinate.
  private var noiseDeviation: Double {
    plan.privacy?.placement == .central ? singleDeviation : singleDeviation * Double(cohort).squareRoot()
  }

  /// The standard deviation of the noise in a single update that the server sees, 0 when it sees none or none with noise.
  private var ownDeviation: Double { isPlain && plan.privacy?.placement == .local ? singleDeviation : 0 }

  private func row(_ place: Int) -> [Double] {
    plan.data.training.features[place * plan.data.training.width..<(place + 1) * plan.data.training.width]
      .map(Double.init)
  }

  /// Sums of gradients of a model with an imprint in its first layer.
  private func imprints(
    _ dense: DenseNetwork, _ deviation: Double, _ random: inout SimulationGenerator
  ) -> [ImprintRow] {
    guard dense.depth > 1, dense.widths[1] >= 2 else { return [] }
    let data = plan.data
    // The server knows data like the clients': its test set.
    let typical = (0..<min(data.test.count, 500)).map { place in
      data.test.features[place * data.test.width..<(place + 1) * data.test.width].map(Double.init)
    }
    guard typical.count >= 2 else { return [] }
    let imprint = GradientInversion.Imprint(units: dense.widths[1], typical: typical)
    let planted = imprint.planted(in: dense)
    let examples = max(2, min(cohort, dense.widths[1] / 4))
    let places = (0..<examples).map { _ in Int(random.next() % UInt64(data.training.count)) }
    let rows = places.map(row)
    var sum = [Double](repeating: 0, count: dense.parameters.count)
    for (place, features) in zip(places, rows) {
      let gradient = planted.gradients(features, label: Int(data.training.labels[place])).parameters
      // With a clip the client sends at most that norm.
      let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let scale = plan.quantizer.clipsNorm ? min(1, plan.quantizer.range / max(length, 1e-300)) : 1
      for index in sum.indices { sum[index] += scale * gradient[index] }
    }
    func recovered(_ gradient: [Double]) -> Int {
      let found = imprint.harvest(gradient: gradient)
      return rows.count { truth in found.contains { Tally.error($0, truth) < 1e-3 } }
    }
    var result = [
      ImprintRow(view: "malicious server, secure sum", examples: examples, recovered: recovered(sum))
    ]
    if deviation > 0 {
      for index in sum.indices { sum[index] += deviation * random.normal() }
      result.append(
        ImprintRow(view: "malicious server, secure sum with noise", examples: examples, recovered: recovered(sum)))
    }
    return result
  }

  /// Optimisation against one gradient, where closed forms are not the only way in.
  private func matching(_ dense: DenseNetwork, _ random: inout SimulationGenerator) -> Double? {
    guard dense.depth > 1, dense.parameters.count <= 20_000 else { return nil }
    let place = Int(random.next() % UInt64(plan.data.training.count))
    let truth = row(place)
    let label = Int(plan.data.training.labels[place])
    let found = GradientMatching(dense).reconstruct(
      gradient: dense.gradients(truth, label: label).parameters, label: label, starts: 2, iterations: 100, seed: seed)
    return Tally.cosine(found.features, truth)
  }

  private struct Tally {
    let view: String
    var errors: [Double] = []
    var identified = 0

    init(_ view: String) { self.view = view }

    mutating func add(_ read: [Double]?, _ rows: [[Double]]) {
      guard let read else { return errors.append(.infinity) }
      errors.append(Tally.error(read, rows[0]))
      let likeness = rows.map { Tally.cosine(read, $0) }
      if likeness.allSatisfy({ $0 <= likeness[0] }) { identified += 1 }
    }

    func row(chance: Double) -> Row {
      let sorted = errors.sorted()
      return Row(
        view: view, trials: errors.count, medianError: sorted[sorted.count / 2],
        largestError: sorted[sorted.count - 1], exact: errors.count { $0 < 1e-3 }, identified: identified,
        chance: chance)
    }

    static func error(_ read: [Double], _ truth: [Double]) -> Double {
      zip(read, truth).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(truth.reduce(0) { max($0, abs($1)) }, 1e-300)
    }

    static func cosine(_ a: [Double], _ b: [Double]) -> Double {
      guard a.count == b.count else { return 0 }
      func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
      let size = (dot(a, a) * dot(b, b)).squareRoot()
      return size > 0 ? dot(a, b) / size : 0
    }
  }
}
