private import Glibc

/// What an attacker sees of one model about every candidate.
public struct ModelSignals: Sendable, Hashable {
  /// The loss of each candidate, the negative logarithm of the probability given to its class.
  public var loss: [Double]
  /// The probabilities of all classes, when the model shows them; empty otherwise.
  public var probabilities: [[Double]]
  /// Whether the class of each candidate was answered rightly.
  public var isRight: [Bool]
  /// The share of noisy copies of each candidate that were answered rightly; empty when none were asked.
  public var robustness: [Double]

  /// Signals; every array that is not empty has one entry for each candidate.
  public init(loss: [Double], probabilities: [[Double]] = [], isRight: [Bool] = [], robustness: [Double] = []) {
    self.loss = loss
    self.probabilities = probabilities
    self.isRight = isRight
    self.robustness = robustness
  }
}

/// A model trained by the attacker on candidates of his choice.
public struct ShadowSignals: Sendable, Hashable {
  /// What it says of the candidates.
  public var signals: ModelSignals
  /// Which of them it was trained on.
  public var included: [Bool]

  /// A shadow model's signals.
  public init(signals: ModelSignals, included: [Bool]) {
    self.signals = signals
    self.included = included
  }
}

/// All that a membership attack works with; what it must find out is not in it.
public struct MembershipEvidence: Sendable, Hashable {
  /// The class of each candidate.
  public var labels: [Int]
  /// What the attacked model says.
  public var target: ModelSignals
  /// What the attacker's own models say.
  public var shadows: [ShadowSignals]

  /// Evidence about candidates.
  ///
  /// - Throws: ``AuditError`` when lengths differ or a loss is not a number.
  public init(labels: [Int], target: ModelSignals, shadows: [ShadowSignals] = []) throws(AuditError) {
    let count = labels.count
    func fits(_ signals: ModelSignals) -> Bool {
      signals.loss.count == count && signals.loss.allSatisfy { !$0.isNaN }
        && [signals.probabilities.count, signals.isRight.count, signals.robustness.count]
          .allSatisfy { $0 == 0 || $0 == count }
    }
    guard count > 0, fits(target), shadows.allSatisfy({ fits($0.signals) && $0.included.count == count }) else {
      throw AuditError(.targetFailed, "signals: one number for each candidate is needed")
    }
    self.labels = labels
    self.target = target
    self.shadows = shadows
  }

  /// ln(p/(1 − p)) of the probability of the candidate's class, from its loss, as Carlini and others 2022 use it.
  static func logit(_ loss: Double) -> Double {
    let kept = min(max(loss, 1e-12), 700)
    return -kept - log(-expm1(-kept))
  }
}
