/// Something that watches a training and may end it.
///
/// Callbacks see every round's record and the model after it, in the order they were given. Under privacy what they
/// see of losses and counts is not private; see ``RoundRecord``.
public protocol RoundCallback: AnyObject {
  /// Called after every round.
  ///
  /// - Returns: whether training goes on.
  func afterRound(_ record: RoundRecord, parameters: [Float]) throws -> Bool
}

/// Ends a training when accuracy, or without it the test loss, has not got better for a number of measurements.
public final class EarlyStop: RoundCallback {
  private let patience: Int
  private let margin: Double
  private var best = -Double.infinity
  private var waited = 0

  /// - Parameters:
  ///   - patience: measurements without a better one before training ends.
  ///   - margin: how much better counts as better.
  /// - Precondition: `patience` is positive.
  public init(patience: Int, margin: Double = 0) {
    precondition(patience > 0, "patience is positive")
    self.patience = patience
    self.margin = margin
  }

  /// Looks at measured rounds only.
  public func afterRound(_ record: RoundRecord, parameters: [Float]) -> Bool {
    guard let score = record.accuracy ?? record.testLoss.map({ -$0 }) else { return true }
    if score > best + margin {
      best = score
      waited = 0
    } else {
      waited += 1
    }
    return waited < patience
  }
}

/// Keeps the model of the best measured round: of the highest accuracy, or without it the least test loss.
public final class BestModel: RoundCallback {
  /// The round it was, nil before the first measurement.
  public private(set) var round: Int?
  /// Its parameters.
  public private(set) var parameters: [Float] = []
  private var best = -Double.infinity

  /// Nothing kept yet.
  public init() {}

  /// Looks at measured rounds only; of equal ones the first is kept.
  public func afterRound(_ record: RoundRecord, parameters: [Float]) -> Bool {
    guard let score = record.accuracy ?? record.testLoss.map({ -$0 }), score > best else { return true }
    best = score
    round = record.round
    self.parameters = parameters
    return true
  }
}

/// Keeps an exponential moving average of the model: a ← decay·a + (1 − decay)·x, from the first round's model on.
public final class AveragedModel: RoundCallback {
  /// The average, empty before the first round.
  public private(set) var parameters: [Float] = []
  private let decay: Float

  /// - Precondition: `decay` is at least 0 and below 1.
  public init(decay: Double) {
    precondition(decay >= 0 && decay < 1, "a decay is at least 0 and below 1")
    self.decay = Float(decay)
  }

  /// Averages in place.
  public func afterRound(_ record: RoundRecord, parameters: [Float]) -> Bool {
    guard !self.parameters.isEmpty else {
      self.parameters = parameters
      return true
    }
    for index in parameters.indices {
      self.parameters[index] += (1 - decay) * (parameters[index] - self.parameters[index])
    }
    return true
  }
}
