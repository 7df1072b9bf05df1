import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

/// One law for every mechanism: on neighbours of its declared metric the same words are taken, answers move as they may,
/// and no enumerated outcome is likelier than the event allows.
struct DeclaredLaw {
  /// What was found.
  enum Violation: Hashable {
    /// Two runs on the same tape took different numbers of words.
    case controlFlow
    /// Two answers on the same tape differ by something other than the inputs' difference.
    case answer
    /// Two answers have different shapes.
    case shape
    /// An enumerated hockey-stick divergence lies above the event's δ.
    case loss
  }

  /// Runs on the same tape, at the metric's inputs and at the ends of the range.
  static func replay(_ example: MechanismCase) -> Set<Violation> {
    var found: Set<Violation> = []
    let shifts: [Int64] =
      example.control == .additive ? [0, 1 << 40, -(1 << 53) - 1, 1 << 61, -(1 << 61), .max / 4] : [0]
    for (index, (a, b)) in example.metric.pairs.enumerated() {
      for shift in shifts {
        var first = LawWalk(tape: SimulationGenerator(seed: UInt64(index), stream: "replay"))
        var second = first
        let (x, y) = (a.map { $0 + shift }, b.map { $0 + shift })
        let (answerX, answerY) = (example.run(x, &first), example.run(y, &second))
        if example.control != .data, first.wordsDrawn != second.wordsDrawn { found.insert(.controlFlow) }
        guard example.control == .additive else { continue }
        guard answerX.count == answerY.count, answerX.count == x.count else {
          found.insert(.shape)
          continue
        }
        for place in x.indices {
          // Values and answers are clamped to ±2⁶¹: what happens at the ends is the same function of both.
          let limit = Int64(1) << 61
          let change = min(max(x[place], -limit), limit) - min(max(y[place], -limit), limit)
          if abs(answerX[place]) == limit || abs(answerY[place]) == limit { continue }
          if answerX[place] - answerY[place] != change { found.insert(.answer) }
        }
      }
    }
    return found
  }

  /// The δ that an event has at e^ε, by the accountants that read it.
  private static func claim(_ event: PrivacyEvent, _ epsilon: Rational, _ adjacency: Adjacency) throws -> Double {
    let accountants: [any Accountant] = [
      PureAccountant(), GaussianAccountant(), ZCDPAccountant(), RenyiAccountant(),
    ]
    let epsilon = try Epsilon(epsilon)
    return accountants.compactMap { try? $0.delta(of: event, epsilon: epsilon, adjacency: adjacency).upper }.min() ?? 1
  }

  /// Enumerates the outcomes on neighbours and compares them with the claim at its own ε and at some others.
  static func lossViolations(
    _ example: MechanismCase, metric: Metric? = nil, sharpness: Double = 1, claims: [(epsilon: Rational, delta: Double)]
  ) -> Set<Violation> {
    var laws: [[Int64]: LawWalk.Law] = [:]
    func law(_ input: [Int64]) -> LawWalk.Law {
      if let law = laws[input] { return law }
      let law = LawWalk.law(least: example.least, sharpness: sharpness) { example.run(input, &$0) }
      laws[input] = law
      return law
    }
    for (a, b) in (metric ?? example.metric).pairs {
      let (p, q) = (law(a), law(b))
      for (epsilon, delta) in claims {
        let factor = exp(epsilon.doubleValue)
        // What is missing from the other law may lie anywhere; rounding moves a sum by less than 10⁻¹⁰ of it.
        func excess(_ p: LawWalk.Law, _ q: LawWalk.Law) -> Double {
          let sum = p.at.reduce(0.0) { $0 + max(0, $1.value - factor * (q.at[$1.key] ?? 0)) }
          return sum - factor * (q.missing + 1e-10) - 1e-10
        }
        if max(excess(p, q), excess(q, p)) > delta { return [.loss] }
      }
    }
    return []
  }

  /// The claims that are compared: the event's pure ε, if it has one, and a few others.
  static func claims(_ event: PrivacyEvent, _ adjacency: Adjacency) throws -> [(epsilon: Rational, delta: Double)] {
    let pure = try? PureAccountant().epsilon(of: event, delta: Delta(0), adjacency: adjacency).upper
    let own = pure.flatMap { Rational(exactly: $0) }
    return try ([0, Rational(1, 2), 1, 3] + (own.map { [$0] } ?? [])).map { ($0, try claim(event, $0, adjacency)) }
  }
}

@Suite struct DeclaredMetricTests {
  static let table = (try? MechanismCase.table()) ?? []

  @Test func `every case of the table can be made`() throws {
    #expect(try MechanismCase.table().count == DeclaredMetricTests.table.count)
  }

  @Test(arguments: DeclaredMetricTests.table)
  func `a tape gives neighbours the same words and answers that move as they may`(example: MechanismCase) {
    #expect(DeclaredLaw.replay(example).isEmpty)
  }

  @Test(arguments: DeclaredMetricTests.table.filter(\.isEnumerated))
  func `no enumerated loss is above the event, and every broken twin's is`(example: MechanismCase) throws {
    let claims = try DeclaredLaw.claims(example.event, example.adjacency)
    #expect(DeclaredLaw.lossViolations(example, claims: claims).isEmpty)
    // Noise or coins that are too sharp for the event.
    #expect(DeclaredLaw.lossViolations(example, sharpness: example.twin, claims: claims) == [.loss])
    // Data sets farther apart than the declared neighbours.
    if let factor = example.stretch, let far = example.metric.stretched(by: factor) {
      #expect(DeclaredLaw.lossViolations(example, metric: far, claims: claims) == [.loss])
    }
  }

  @Test func `broken control flow, answers and shapes are seen`() throws {
    let mechanism = try DiscreteLaplaceMechanism(scale: 3)
    func broken(
      _ control: MechanismCase.Control, _ run: @escaping @Sendable ([Int64], inout LawWalk) -> [Int64]
    ) -> Set<DeclaredLaw.Violation> {
      DeclaredLaw.replay(MechanismCase("twin", mechanism.event, .l1(bound: 1, dimension: 1), control, run))
    }
    #expect(broken(.additive) { mechanism.draw($0, using: &$1) }.isEmpty)
    // More words for odd values.
    #expect(
      broken(.fixed) { values, walk in
        if values[0] % 2 != 0 { for _ in 0..<64 { _ = walk.next() } }
        return mechanism.draw(values, using: &walk)
      } == [.controlFlow])
    // Noise that depends on the value.
    #expect(broken(.additive) { mechanism.draw([2 * ($0[0] % 1_000)], using: &$1) }.contains(.answer))
    // An empty group that is left out.
    #expect(broken(.additive) { $0[0] % 2 == 0 ? [] : mechanism.draw($0, using: &$1) }.contains(.shape))
  }
}
