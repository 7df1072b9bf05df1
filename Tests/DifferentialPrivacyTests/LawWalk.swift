import DifferentialPrivacy
import ExactMath
import Glibc
import SecureRandom

/// A source of two uses: it walks one path through everything a mechanism draws, with the path's probability, or it plays
/// a recorded tape of words.
///
/// Whole samples are one step of a walk, with the masses of their law, since samplers have proofs of their own
/// (``EnumerationTests``, ``TableLawTests``). Masses are doubles, relative errors below 10⁻¹².
struct LawWalk: UniformSource {
  /// Every choice so far: which, and of how many.
  private var path: [(choice: Int, of: Int)] = []
  private var depth = 0
  private(set) var mass = 1.0
  /// Paths of less mass are left undecided.
  private let least: Double
  /// What breaks a mechanism: masses are raised to this power and normalised, so that losses grow by this factor.
  private let sharpness: Double
  /// The words of a tape, and of a path that is left undecided.
  private var tape: SimulationGenerator
  private let plays: Bool

  /// A walk.
  private init(path: [(choice: Int, of: Int)], least: Double, sharpness: Double) {
    self.path = path
    self.least = least
    self.sharpness = sharpness
    tape = SimulationGenerator(seed: 1, stream: "undecided")
    plays = false
  }

  /// A tape.
  init(tape: SimulationGenerator) {
    least = 0
    sharpness = 1
    self.tape = tape
    plays = true
  }

  /// The words taken from the tape.
  var wordsDrawn: UInt64 { tape.wordsDrawn }

  private var isUndecided: Bool { mass < least }

  private mutating func step(_ weights: [Double]) -> Int? {
    if plays || isUndecided { return nil }
    if depth == path.count { path.append((0, weights.count)) }
    let choice = path[depth].choice
    depth += 1
    mass *= weights[choice]
    return choice
  }

  /// True with probability `p`, or with odds of a higher power in a broken twin.
  private mutating func coin(_ p: Double) -> Bool? {
    if !plays, p <= 0 || p >= 1 { return p >= 1 }
    let (yes, no) = (pow(p, sharpness), pow(1 - p, sharpness))
    return step([yes / (yes + no), no / (yes + no)]).map { $0 == 0 }
  }

  // MARK: Words

  mutating func next() -> UInt64 {
    // Only hash functions take words, whatever the data: four of them stand for all.
    step([0.25, 0.25, 0.25, 0.25]).map { [0x1, 0x3, 0x6, 0x5][$0] } ?? tape.next()
  }

  mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) { unsafe tape.fill(bytes) }

  // MARK: Choices

  mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width {
    let count = Int(bound.narrow ?? 0)
    if !plays, count == 1 { return Width(UInt64(0)) }
    if !plays, !isUndecided, count > 0, count < 1 << 20,
      let choice = step([Double](repeating: 1 / Double(count), count: count))
    {
      return Width(UInt64(choice))
    }
    return Width.uniform(below: bound, from: &self.tape)
  }

  mutating func bernoulli<Width: CheckedWhole>(_ numerator: Width, outOf denominator: Width) -> Bool {
    coin(LawWalk.double(numerator.big) / LawWalk.double(denominator.big)) ?? (uniform(under: denominator) < numerator)
  }

  mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool {
    let gamma = LawWalk.double(a.big) / LawWalk.double(b.big)
    if !plays, gamma == 0 { return true }
    if !plays, !isUndecided {
      let yes = exp(-gamma * sharpness)
      if let choice = step([yes, 1 - yes]) { return choice == 0 }
    }
    var k = start
    while bernoulli(a.big, outOf: b.big * BigWhole(k)) { k += 1 }
    return k % 2 == 1
  }

  mutating func fill(
    _ output: UnsafeMutableBufferPointer<Int64>, with law: NoiseLaw,
    _ sampler: (UnsafeMutableBufferPointer<Int64>, inout LawWalk) -> Void
  ) {
    if plays { return unsafe sampler(output, &self) }
    let known = LawTable.of(law, sharpness: sharpness)
    for index in output.indices {
      let place = step(known.masses) ?? known.masses.count / 2
      unsafe output[index] = known.first + Int64(place)
    }
  }

  mutating func sample(_ noise: HeavyTail) -> Int64 {
    if plays { return noise.sample(using: &self) }
    let scale = LawWalk.double(noise.top) / LawWalk.double(noise.bottom)
    let known = LawTable.heavyTail(scale: scale / sharpness, reach: 12)
    return step(known.masses).map { known.first + Int64($0) } ?? 0
  }

  mutating func choose(_ choice: WeightedChoice) -> Int {
    if plays { return choice.draw(using: &self) }
    let weights = choice.items.map {
      Double($0.width) * exp(-LawWalk.double($0.numerator) / LawWalk.double($0.denominator) * sharpness)
    }
    let total = weights.reduce(0, +)
    return step(weights.map { $0 / total }) ?? 0
  }

  static func double(_ value: BigWhole) -> Double {
    value.words.reversed().reduce(0) { $0 * 0x1p64 + Double($1) }
  }

  // MARK: The whole walk

  /// The law of a mechanism's outcome, and the mass that was left undecided.
  struct Law {
    var at: [[Int64]: Double] = [:]
    var missing: Double { max(0, 1 - at.values.sorted().reduce(0, +)) }
  }

  /// Walks every path, depth first.
  static func law(least: Double, sharpness: Double = 1, _ body: (inout LawWalk) -> [Int64]) -> Law {
    var law = Law()
    var path: [(choice: Int, of: Int)] = []
    while true {
      var walk = LawWalk(path: path, least: least, sharpness: sharpness)
      let outcome = body(&walk)
      if !walk.isUndecided { law.at[outcome, default: 0] += walk.mass }
      path = Array(walk.path.prefix(walk.depth))
      while let last = path.last, last.choice + 1 == last.of { path.removeLast() }
      guard let last = path.popLast() else { return law }
      path.append((last.choice + 1, last.of))
    }
  }
}
