import ExactMath
import PrivacyAccounting
import SecureRandom

/// A mechanism of known privacy on which an auditor shows what it can do: a broken one must be refuted, its correct
/// twin must not.
public struct ZooMember: Sendable {
  /// What the claim really is.
  public enum Truth: Sendable, Hashable {
    /// The claim is false.
    case broken
    /// The claim is true.
    case correct
  }

  /// A short name in lower case with hyphens, unique in the zoo.
  public let name: String
  /// Whether the claim is true.
  public let truth: Truth
  /// What is wrong, or why it is right, in one line.
  public let reason: String
  /// The claim that is audited.
  public let claim: PrivacyClaim
  /// The neighbouring data sets it is tried on.
  public let pairs: [AdjacentPair]
  /// Outputs per data set that suffice for a verdict.
  public let samples: Int
  let draw: Draw

  /// Draws `count` independent outputs on a data set.
  typealias Draw = @Sendable ([Double], Int, inout ZooRandom) throws(ParameterError) -> [Double]

  /// A member whose outputs do not depend on each other.
  static func each(
    _ name: String, _ truth: Truth, _ reason: String, epsilon: Rational = 1, delta: Rational = 0,
    adjacency: Adjacency = .addOrRemove, pairs: [AdjacentPair], samples: Int = 30_000,
    _ draw: @escaping @Sendable ([Double], inout ZooRandom) -> Double
  ) -> ZooMember {
    all(
      name, truth, reason, epsilon: epsilon, delta: delta, adjacency: adjacency, pairs: pairs, samples: samples
    ) { rows, count, random in (0..<count).map { _ in draw(rows, &random) } }
  }

  /// A member that draws all its outputs at once.
  static func all(
    _ name: String, _ truth: Truth, _ reason: String, epsilon: Rational = 1, delta: Rational = 0,
    adjacency: Adjacency = .addOrRemove, pairs: [AdjacentPair], samples: Int = 30_000, _ draw: @escaping Draw
  ) -> ZooMember {
    guard let claim = try? PrivacyClaim(epsilon: epsilon, delta: delta, unit: "row", adjacency: adjacency) else {
      preconditionFailure("\(name): the claim is not one")
    }
    return ZooMember(
      name: name, truth: truth, reason: reason, claim: claim, pairs: pairs, samples: samples, draw: draw)
  }

  /// Audits the member.
  ///
  /// - Parameter alpha: Probability that a true claim is refuted, in (0, 1).
  /// - Throws: ``AuditError`` when the audit cannot be set up.
  public func audit(alpha: Double) throws(AuditError) -> AuditReport {
    var target = ZooTarget(member: self)
    return try MechanismAudit(claim: claim, alpha: alpha, samples: samples, pairs: pairs).run(&target)
  }
}

/// A member of the zoo as a target.
private struct ZooTarget: AuditTarget {
  let member: ZooMember
  let box = RandomBox()

  mutating func outputs(of dataset: [Double], count: Int) throws(AuditError) -> [Double] {
    do { return try member.draw(dataset, count, &box.random) } catch {
      throw AuditError(.targetFailed, "target: \(error)")
    }
  }
}

private final class RandomBox {
  var random = ZooRandom()
}

/// The randomness of the zoo: exact integers for the correct members, floating point for those that show its faults.
struct ZooRandom: ~Copyable {
  var generator = SecureGenerator()

  /// A double in (0, 1), a multiple of 2⁻⁵³, as most programming languages give it.
  mutating func unit() -> Double {
    while true {
      let bits = generator.next() >> 11
      if bits > 0 { return Double(bits) * 0x1p-53 }
    }
  }

  /// Whether a coin with this probability shows heads.
  mutating func coin(_ probability: Double) -> Bool { unit() < probability }

  /// A whole number below a bound.
  mutating func below(_ bound: Int) -> Int { min(bound - 1, Int(unit() * Double(bound))) }
}
