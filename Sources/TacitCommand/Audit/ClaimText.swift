import ExactMath
import PrivacyAccounting
import PrivacyAuditing
import TacitVerbs

/// Reads the value of `--claim`: `epsilon=1,delta=1e-6,unit=row,adjacency=add-remove`.
enum ClaimText {
  private static let fields = ["epsilon", "delta", "unit", "adjacency"]

  /// A claim; δ defaults to 0 and the adjacency to add-remove.
  ///
  /// - Throws: ``CommandFailure`` naming the field that is missing, unknown, repeated or out of range.
  static func parse(_ text: String) throws -> PrivacyClaim {
    var values: [String: String] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2, fields.contains(pair[0]), values[pair[0]] == nil else {
        throw usage("wants epsilon=…,delta=…,unit=…,adjacency=…, each at most once")
      }
      values[pair[0]] = pair[1]
    }
    guard let epsilon = values["epsilon"].flatMap({ Rational($0) }) else {
      throw usage("epsilon must be an exact decimal or fraction")
    }
    guard let delta = Rational(values["delta"] ?? "0") else {
      throw usage("delta must be an exact decimal or fraction")
    }
    guard let adjacency = Adjacency(rawValue: values["adjacency"] ?? "add-remove") else {
      throw usage("adjacency must be add-remove or replace-one")
    }
    guard let unit = values["unit"] else {
      throw usage("unit is missing: a claim without a unit of privacy is refused")
    }
    do {
      return try PrivacyClaim(epsilon: epsilon, delta: delta, unit: unit, adjacency: adjacency)
    } catch {
      throw usage(error.message)
    }
  }

  private static func usage(_ message: String) -> CommandFailure {
    CommandFailure("--claim: \(message)", code: .usage)
  }
}
