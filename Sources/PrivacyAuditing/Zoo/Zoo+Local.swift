import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
private import Glibc

/// The local model: a data set is one person's answer.
extension Zoo {
  private static let answers = [AdjacentPair([0], [1])]

  /// Keeps the answer with probability `keep`, otherwise gives one of the `k` at random.
  private static func respond(_ rows: [Double], keep: Double, k: Int, _ random: inout ZooRandom) -> Double {
    random.coin(keep) ? rows[0] : Double(random.below(k))
  }

  static let localMembers: [ZooMember] = [
    .each(
      "randomized-response-too-honest", .broken, "the truth is told with probability 0.85", adjacency: .replaceOne,
      pairs: answers
    ) {
      $1.coin(0.85) ? $0[0] : 1 - $0[0]
    },
    .each(
      "randomized-response-binary-rate", .broken, "ten categories with the rate of two", adjacency: .replaceOne,
      pairs: answers
    ) {
      respond($0, keep: (exp(1.0) - 1) / (exp(1.0) + 1), k: 10, &$1)
    },
    .each(
      "response-not-memoised", .broken, "a fresh response every day, ten days for the ε of one", adjacency: .replaceOne,
      pairs: answers
    ) {
      rows, random in
      (0..<10).reduce(0.0) { total, _ in total + respond(rows, keep: (exp(1.0) - 1) / (exp(1.0) + 1), k: 2, &random) }
    },
    .each(
      "unary-encoding-one-bit", .broken, "each bit of a one-hot vector gets all of ε", adjacency: .replaceOne,
      pairs: answers
    ) {
      rows, random in
      let keep = exp(1.0) / (exp(1.0) + 1)
      return (0..<4).reduce(0.0) { code, bit in
        let truth = Double(bit) == rows[0]
        return code * 2 + (random.coin(keep) == truth ? 1 : 0)
      }
    },
    .each(
      "shuffled-without-shuffling", .broken, "the ε after shuffling, reports left in order", epsilon: Rational(1, 5),
      adjacency: .replaceOne, pairs: answers
    ) {
      respond($0, keep: (exp(1.0) - 1) / (exp(1.0) + 1), k: 2, &$1)
    },

    .all("randomized-response", .correct, "exact, two answers", adjacency: .replaceOne, pairs: answers) {
      rows, count, random throws(ParameterError) in
      // Replacing with probability 0.538 by one of two is just below ε = 1.
      let mechanism = try RandomizedResponse(replacement: Rational(538, 1_000), categories: 2)
      return (0..<count).map { _ in Double(mechanism.respond(Int(rows[0]), using: &random.generator)) }
    },
    .all("randomized-response-ten", .correct, "exact, ten answers", adjacency: .replaceOne, pairs: answers) {
      rows, count, random throws(ParameterError) in
      // ln(1 + 10·(1 − r)/r) with r = 0.854 is 0.9968.
      let mechanism = try RandomizedResponse(replacement: Rational(854, 1_000), categories: 10)
      return (0..<count).map { _ in Double(mechanism.respond(Int(rows[0]), using: &random.generator)) }
    },
    .each(
      "unary-encoding", .correct, "each bit of a one-hot vector gets half of ε", adjacency: .replaceOne, pairs: answers
    ) {
      rows, random in
      let keep = exp(0.5) / (exp(0.5) + 1)
      return (0..<4).reduce(0.0) { code, bit in
        let truth = Double(bit) == rows[0]
        return code * 2 + (random.coin(keep) == truth ? 1 : 0)
      }
    },
  ]
}
