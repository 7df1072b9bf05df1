private import Glibc

/// A bound that may be looked at after every guess.
///
/// Guesses about canaries come in an order fixed beforehand; under ε-differential privacy each is right with
/// probability at most q = e^ε/(1 + e^ε) given all before it. For every q the wealth of a bettor who stakes a share of
/// his wealth on "right", chosen from the past only, is a supermartingale; by Ville's inequality it ever reaches
/// 1/alpha with probability at most alpha. The bound is the least q on a grid whose wealth never has, so it is wrong,
/// at any time and however often it is read, with probability at most alpha.
///
/// Source: Ville 1939; betting by the past as in Waudby-Smith and Ramdas 2023.
public struct SequentialAudit: Sendable {
  /// Probability that any bound ever read lies above the truth.
  public let alpha: Double
  /// Guesses so far.
  public private(set) var guesses = 0
  /// Right ones among them.
  public private(set) var right = 0
  private var wealth: [Double]
  private var refuted = 0

  private static let step = 0.01
  private static let levels = 1_200
  /// e^ε/(1 + e^ε) of every level.
  private static let rates = (0..<levels).map { 1 / (1 + exp(-step * Double($0))) }

  /// An audit that has seen nothing.
  ///
  /// - Throws: ``AuditError`` when alpha does not lie in (0, 1).
  public init(alpha: Double) throws(AuditError) {
    guard alpha > 0, alpha < 1 else { throw AuditError(.invalidSetting, "alpha: must lie in (0, 1)") }
    self.alpha = alpha
    wealth = [Double](repeating: 0, count: SequentialAudit.levels)
  }

  /// Takes the outcome of the next guess.
  public mutating func observe(isRight: Bool) {
    // The stake follows from the guesses before this one: the frequency with two imaginary guesses, one right.
    let frequency = (Double(right) + 1) / (Double(guesses) + 2)
    for level in refuted..<wealth.count {
      let q = SequentialAudit.rates[level]
      // Nobody stakes on what is no likelier than q; rates grow with the level, so none further on does.
      if q >= frequency { break }
      let stake = min((frequency - q) / (q * (1 - q)), 0.9 / q)
      wealth[level] += log1p(stake * ((isRight ? 1 : 0) - q))
    }
    guesses += 1
    if isRight { right += 1 }
    while refuted < wealth.count, wealth[refuted] >= -log(alpha) { refuted += 1 }
  }

  /// The largest ε of the grid (steps of 0.01) up to which all are refuted; 0 when none is.
  public var epsilonLowerBound: Double { refuted == 0 ? 0 : SequentialAudit.step * Double(refuted - 1) }
}
