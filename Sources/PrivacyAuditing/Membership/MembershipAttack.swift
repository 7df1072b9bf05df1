private import Glibc

/// Attacks that say of candidates how likely a model was trained on them.
public enum MembershipAttack: String, Sendable, Hashable, CaseIterable {
  /// Member if answered rightly (Yeom et al. 2018, the gap attack); needs answers only.
  case gap
  /// A low loss (Yeom et al. 2018).
  case loss
  /// A low entropy of the answer (Salem et al. 2019).
  case entropy
  /// A low modified entropy −(1 − p_y)·ln p_y − Σ p_i·ln(1 − p_i) over i ≠ y (Song and Mittal 2021).
  case modifiedEntropy = "modified-entropy"
  /// The loss measured against the other candidates of the class (Song and Mittal 2021).
  case perClass = "per-class"
  /// The share of noisy copies that keep the right answer; needs answers only (Choquette-Choo et al. 2021).
  case labelNoise = "label-noise"
  /// A classifier learnt from shadow models, one for each class (Shokri et al. 2017).
  case shadow
  /// Likelihood ratio of the logit with and without the candidate (Carlini et al. 2022, online).
  case liraOnline = "lira-online"
  /// How far the logit lies above those of models without the candidate (the same, offline).
  case liraOffline = "lira-offline"
  /// The probability relative to models without the candidate (Zarifzadeh, Liu and Shokri 2024).
  case rmia

  /// Whether the attacker trains models of his own.
  public var needsShadows: Bool {
    switch self {
    case .shadow, .liraOnline, .liraOffline, .rmia: true
    default: false
    }
  }

  /// A score for each candidate, higher for members; `nil` when the evidence does not hold what the attack needs.
  public func scores(_ evidence: MembershipEvidence) -> [Double]? {
    let target = evidence.target
    switch self {
    case .gap: return target.isRight.isEmpty ? nil : target.isRight.map { $0 ? 1 : 0 }
    case .loss: return target.loss.map(-)
    case .entropy:
      return target.probabilities.isEmpty
        ? nil : target.probabilities.map { $0.reduce(0) { $0 + MembershipAttack.term($1, $1) } }
    case .modifiedEntropy:
      return target.probabilities.isEmpty
        ? nil
        : zip(target.probabilities, evidence.labels).map { p, label in
          p.indices.reduce(0) {
            $0 + ($1 == label ? MembershipAttack.term(1 - p[$1], p[$1]) : MembershipAttack.term(p[$1], 1 - p[$1]))
          }
        }
    case .perClass: return MembershipAttack.perClass(evidence)
    case .labelNoise: return target.robustness.isEmpty ? nil : target.robustness
    case .shadow: return MembershipAttack.learnt(evidence)
    case .liraOnline: return likelihoodRatio(evidence, isOnline: true)
    case .liraOffline: return likelihoodRatio(evidence, isOnline: false)
    case .rmia: return MembershipAttack.relative(evidence)
    }
  }

  /// weight·ln(value), 0 at weight 0.
  private static func term(_ weight: Double, _ value: Double) -> Double {
    weight <= 0 ? 0 : weight * log(max(value, 1e-300))
  }

  private static func perClass(_ evidence: MembershipEvidence) -> [Double] {
    var groups: [Int: [Double]] = [:]
    for (label, loss) in zip(evidence.labels, evidence.target.loss) { groups[label, default: []].append(loss) }
    let sorted = groups.mapValues { $0.sorted() }
    return zip(evidence.labels, evidence.target.loss).map { label, loss in
      let others = sorted[label] ?? []
      let median = others[others.count / 2]
      let spread = others[3 * (others.count - 1) / 4] - others[(others.count - 1) / 4]
      return (median - loss) / max(spread, 1e-12)
    }
  }

  private func likelihoodRatio(_ evidence: MembershipEvidence, isOnline: Bool) -> [Double]? {
    guard evidence.shadows.count >= 2 else { return nil }
    let logits = evidence.shadows.map { $0.signals.loss.map(MembershipEvidence.logit) }
    let count = evidence.labels.count
    var inside: [Moments] = Array(repeating: Moments(), count: count)
    var outside = inside
    for (shadow, logits) in zip(evidence.shadows, logits) {
      for index in 0..<count {
        if shadow.included[index] { inside[index].add(logits[index]) } else { outside[index].add(logits[index]) }
      }
    }
    // A deviation of its own for each candidate needs many models; below that one is shared by all.
    let sharesDeviation = evidence.shadows.count < 64
    let common = (in: Moments.pooledDeviation(inside), out: Moments.pooledDeviation(outside))
    return (0..<count).map { index in
      let (a, b) = (inside[index], outside[index])
      let seen = MembershipEvidence.logit(evidence.target.loss[index])
      guard b.count > 0 else { return 0 }
      let out = sharesDeviation ? common.out : max(b.deviation, 1e-30)
      guard isOnline else { return (seen - b.mean) / out }
      guard a.count > 0 else { return 0 }
      let within = sharesDeviation ? common.in : max(a.deviation, 1e-30)
      let (x, y) = ((seen - a.mean) / within, (seen - b.mean) / out)
      return -log(within) - x * x / 2 + log(out) + y * y / 2
    }
  }

  /// ln of p(x)/P(x), where P(x) is half the mean of models with x and half that of models without; when no model has
  /// x, P(x) = ((1 + a)·mean of models without x + (1 − a))/2 with a = 0.3.
  ///
  /// The published score is the share of a population that the ratio exceeds (γ = 1); that is the rank of the ratio,
  /// so the ratio itself orders candidates alike.
  private static func relative(_ evidence: MembershipEvidence) -> [Double]? {
    guard !evidence.shadows.isEmpty else { return nil }
    let a = 0.3
    return evidence.labels.indices.map { index in
      /// ln of the mean probability, whatever its size.
      func logMean(_ included: Bool) -> Double? {
        let losses = evidence.shadows.filter { $0.included[index] == included }.map { $0.signals.loss[index] }
        guard let least = losses.min() else { return nil }
        return -least + log(losses.reduce(0) { $0 + exp(least - $1) } / Double(losses.count))
      }
      let reference: Double
      switch (logMean(true), logMean(false)) {
      case (let inside?, let outside?):
        let top = max(inside, outside)
        reference = top + log((exp(inside - top) + exp(outside - top)) / 2)
      case (nil, let outside?): reference = log(((1 + a) * exp(outside) + (1 - a)) / 2)
      case (let inside?, nil): reference = inside
      case (nil, nil): reference = 0
      }
      return -evidence.target.loss[index] - reference
    }
  }

  /// Logistic regression on the logit, its square and the entropy, one for each class, learnt from shadow models.
  private static func learnt(_ evidence: MembershipEvidence) -> [Double]? {
    guard !evidence.shadows.isEmpty else { return nil }
    func features(_ signals: ModelSignals, _ index: Int) -> [Double] {
      let logit = MembershipEvidence.logit(signals.loss[index]) / 10
      let entropy =
        signals.probabilities.isEmpty ? 0 : -signals.probabilities[index].reduce(0) { $0 + term($1, $1) }
      return [logit, logit * logit, entropy]
    }
    var scores = [Double](repeating: 0, count: evidence.labels.count)
    for label in Set(evidence.labels) {
      let places = evidence.labels.indices.filter { evidence.labels[$0] == label }
      var rows: [[Double]] = []
      var targets: [Bool] = []
      for shadow in evidence.shadows {
        for place in places {
          rows.append(features(shadow.signals, place))
          targets.append(shadow.included[place])
        }
      }
      let model = LogisticModel(rows, targets)
      for place in places { scores[place] = model.score(features(evidence.target, place)) }
    }
    return scores
  }
}

/// Count, mean and deviation of numbers that come one by one (Welford 1962).
struct Moments {
  private(set) var count = 0
  private(set) var mean = 0.0
  private var squares = 0.0

  mutating func add(_ value: Double) {
    count += 1
    let difference = value - mean
    mean += difference / Double(count)
    squares += difference * (value - mean)
  }

  var deviation: Double { count > 1 ? (squares / Double(count - 1)).squareRoot() : 0 }

  /// One deviation around the means of many groups.
  static func pooledDeviation(_ groups: [Moments]) -> Double {
    let freedom = groups.reduce(0) { $0 + max(0, $1.count - 1) }
    let squares = groups.reduce(0) { $0 + $1.squares }
    return max(1e-30, freedom > 0 ? (squares / Double(freedom)).squareRoot() : 1)
  }
}

/// A small logistic regression, fitted by Newton's method with a little ridge.
struct LogisticModel {
  private var weights: [Double]
  private let means: [Double]
  private let scales: [Double]

  /// - Parameter ridge: The penalty on the weights of standardised inputs, not on the intercept.
  init(_ rows: [[Double]], _ targets: [Bool], ridge: Double = 1e-3) {
    let width = rows.first?.count ?? 0
    var moments = Array(repeating: Moments(), count: width)
    for row in rows { for index in 0..<width { moments[index].add(row[index]) } }
    means = moments.map(\.mean)
    scales = moments.map { max($0.deviation, 1e-9) }
    weights = [Double](repeating: 0, count: width + 1)
    let inputs = rows.map(standard)
    for _ in 0..<12 {
      var gradient = weights.indices.map { -($0 < width ? ridge : 1e-3) * weights[$0] }
      var hessian = weights.indices.map { i in weights.indices.map { $0 == i ? (i < width ? ridge : 1e-3) : 0 } }
      for (x, target) in zip(inputs, targets) {
        let p = 1 / (1 + exp(-zip(weights, x).reduce(0) { $0 + $1.0 * $1.1 }))
        for i in x.indices {
          gradient[i] += ((target ? 1 : 0) - p) * x[i]
          for j in x.indices { hessian[i][j] += p * (1 - p) * x[i] * x[j] }
        }
      }
      guard let step = LinearSystem.solve(hessian, gradient) else { break }
      for index in weights.indices { weights[index] += min(max(step[index], -5), 5) }
      if step.allSatisfy({ abs($0) < 1e-8 }) { break }
    }
  }

  /// The log odds of a row.
  func score(_ row: [Double]) -> Double { zip(weights, standard(row)).reduce(0) { $0 + $1.0 * $1.1 } }

  private func standard(_ row: [Double]) -> [Double] {
    row.indices.map { (row[$0] - means[$0]) / scales[$0] } + [1]
  }
}

/// Gaussian elimination with partial pivoting.
enum LinearSystem {
  /// The solution of A·x = b; `nil` when A is singular to working precision.
  static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
    var a = matrix
    var b = right
    let n = b.count
    for column in 0..<n {
      guard let pivot = (column..<n).max(by: { abs(a[$0][column]) < abs(a[$1][column]) }),
        abs(a[pivot][column]) > 1e-300
      else { return nil }
      a.swapAt(column, pivot)
      b.swapAt(column, pivot)
      for row in column + 1..<n {
        let factor = a[row][column] / a[column][column]
        if factor == 0 { continue }
        for index in column..<n { a[row][index] -= factor * a[column][index] }
        b[row] -= factor * b[column]
      }
    }
    for row in stride(from: n - 1, through: 0, by: -1) {
      for index in row + 1..<n { b[row] -= a[row][index] * b[index] }
      b[row] /= a[row][row]
    }
    return b.allSatisfy(\.isFinite) ? b : nil
  }
}
