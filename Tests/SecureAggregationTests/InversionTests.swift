import SecureAggregation
import SecureRandom
import Testing

/// What a curious server can rebuild of one client's only example from what it receives.
///
/// In softmax regression the gradient of class c is (p_c − y_c)·x for the weights and p_c − y_c for the bias, so their
/// quotient is the example (Geiping et al. 2020, proposition 3.1).
@Suite struct InversionTests {
  static let features = 500
  static let classes = 5
  static let bits = 24
  static let scale = 65_536.0

  /// Coordinates as a client sends them: the gradient on the grid, weights class by class and then biases.
  static func gradient(_ example: [Double], label: Int, _ generator: inout SimulationGenerator) -> [Int64] {
    var scores = (0..<classes).map { _ in generator.uniformUnit() }
    let total = scores.reduce(0, +)
    for index in scores.indices { scores[index] /= total }
    scores[label] -= 1
    let weights = scores.flatMap { score in example.map { $0 * score } }
    return (weights + scores).map { Int64(($0 * scale).rounded()) }
  }

  /// The attack, on whatever integers the server has for a client: a guess for every class.
  static func invert(_ values: [Int64]) -> [[Double]] {
    (0..<classes).compactMap { label in
      let bias = Double(values[features * classes + label])
      guard bias != 0 else { return nil }
      return (0..<features).map { Double(values[label * features + $0]) / bias }
    }
  }

  static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let n = Double(a.count)
    let (meanA, meanB) = (a.reduce(0, +) / n, b.reduce(0, +) / n)
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - meanA) * (y - meanB)
      aa += (x - meanA) * (x - meanA)
      bb += (y - meanB) * (y - meanB)
    }
    return ab / (aa * bb).squareRoot()
  }

  /// The residues of a masked input, read as the server would.
  static func residues(_ payload: [UInt8], count: Int) -> [Int64] {
    (0..<count).map { index in
      let word = (0..<3).reduce(UInt32(0)) { $0 | UInt32(payload[3 * index + $1]) << UInt32(8 * $1) }
      return Int64(Int32(bitPattern: word << 8) >> 8)
    }
  }

  /// Under masks every guess is as good as a random one.
  ///
  /// A guess is then 500 independent symmetric values g_j over a common factor. Given their sizes, the signs are coins,
  /// and by Hoeffding's inequality |Σ g_j·c_j| > 0.55·√(Σg² · Σc²), with c the centred example in [−½, ½] and Σc² > 40,
  /// has probability at most 2·e^(−0.55²·40/(2·¼)) < 7e-11. The guess's own mean takes from Σg² at most a sixth, with
  /// even smaller probability of more: 0.6 stands for 20 guesses with false alarms below 2e-9 in all.
  @Test func `the example is rebuilt from a plain update and stays hidden in what a masking server receives`() throws {
    var generator = SimulationGenerator(seed: 21, stream: "inversion")
    let count = Self.features * Self.classes + Self.classes
    for number in 1...4 {
      let example = (0..<Self.features).map { _ in generator.uniformUnit() }
      let update = Self.gradient(example, label: number, &generator)
      let rebuilt = try #require(Self.invert(update).map { Self.correlation($0, example) }.max())
      #expect(rebuilt > 0.9999)

      let round = try MaskingRound(clients: 3, count: count, bits: Self.bits, threshold: 2, round: number)
      try round.keys(round.numbers)
      try round.shares(round.numbers)
      try round.accept(round.numbers)
      let input = try round.with(2) { client, identity in try client.mask(update, as: identity) }
      for guess in Self.invert(Self.residues(input.payload, count: count)) {
        #expect(abs(Self.correlation(guess, example)) < 0.6)
      }
    }
  }
}
