private import Glibc

/// Reconstruction of the one training row an attacker does not know, from the fitted model and all other rows.
///
/// A generalised linear model at its optimum satisfies Σ r_i·(x_i, 1) + λ·(w, b′) = 0 with residuals r_i, so the missing
/// row follows in closed form: r* = −Σ r_i − λ_b·b and x* = (−Σ r_i·x_i − λ·w)/r* over the known rows (Balle, Cherubin
/// and Hayes 2022). The error is that of the solver divided by |r*|.
public enum MissingRow {
  /// The kind of model.
  public enum Family: Sendable, Hashable {
    /// r = w·x + b − y.
    case linear
    /// r = 1/(1 + e^(−w·x − b)) − y for y in {0, 1}.
    case logistic
  }

  /// The row, its residual, and for logistic models its label.
  public struct Row: Sendable, Hashable {
    /// The features.
    public let features: [Double]
    /// r*; the smaller it is, the less of the row can be seen.
    public let residual: Double
    /// What was to be predicted: 0 or 1 from the sign of the residual, or the number w·x* + b − r*.
    public let target: Double
  }

  /// The missing row.
  ///
  /// - Parameters:
  ///   - weights: The fitted weights.
  ///   - intercept: The fitted intercept, which is not regularised.
  ///   - ridge: λ of the penalty λ/2·‖w‖² on the summed loss.
  ///   - known: All rows but one, with their targets.
  /// - Returns: `nil` when the missing row has no residual: it left no trace.
  /// - Precondition: rows and weights have the same width.
  public static func find(
    _ family: Family, weights: [Double], intercept: Double, ridge: Double = 0,
    known: [(features: [Double], target: Double)]
  ) -> Row? {
    var residual = 0.0
    var sums = weights.map { -ridge * $0 }
    for row in known {
      precondition(row.features.count == weights.count, "rows and weights have the same width")
      let score = zip(weights, row.features).reduce(intercept) { $0 + $1.0 * $1.1 }
      let r = (family == .linear ? score : 1 / (1 + exp(-score))) - row.target
      residual -= r
      for index in sums.indices { sums[index] -= r * row.features[index] }
    }
    guard residual != 0, residual.isFinite else { return nil }
    let features = sums.map { $0 / residual }
    let score = zip(weights, features).reduce(intercept) { $0 + $1.0 * $1.1 }
    return Row(
      features: features, residual: residual,
      target: family == .linear ? score - residual : (residual < 0 ? 1 : 0))
  }
}

/// Stealing a linear or softmax model through its answers by d + 1 questions and linear equations.
///
/// Source: Tramèr et al. 2016.
public enum ModelExtraction {
  /// The weights and intercepts behind answers; of a softmax model relative to its first class, which is all that its
  /// probabilities determine.
  ///
  /// - Parameters:
  ///   - inputs: The number of features d.
  ///   - isSoftmax: Whether answers are probabilities, else numbers.
  ///   - ask: Answers one question; called d + 1 times.
  /// - Returns: for each output the weights and then the intercept; `nil` when a probability is 0 and its logarithm lost.
  public static func linear(
    inputs: Int, isSoftmax: Bool, ask: ([Double]) throws -> [Double]
  ) rethrows -> [[Double]]? {
    func scores(_ answer: [Double]) -> [Double] {
      isSoftmax ? answer.map { log($0) - log(answer[0]) } : answer
    }
    let base = scores(try ask([Double](repeating: 0, count: inputs)))
    var model = base.map { [Double](repeating: 0, count: inputs) + [$0] }
    for index in 0..<inputs {
      let answer = scores(try ask((0..<inputs).map { $0 == index ? 1 : 0 }))
      guard answer.count == base.count else { return nil }
      for output in base.indices { model[output][index] = answer[output] - base[output] }
    }
    return model.allSatisfy { $0.allSatisfy(\.isFinite) } ? model : nil
  }
}

/// Guesses of a hidden attribute from everything else about a record and the model's answer.
///
/// Source: Fredrikson, Jha and Ristenpart 2015; Yeom et al. 2018. The gain over the guess that does not ask the model is
/// what the model leaks.
public enum AttributeInference {
  /// The most likely value: argmax of prior(v)·P[the record's class | the model's answer with v put in].
  ///
  /// - Parameters:
  ///   - record: The features with any value in the hidden place.
  ///   - place: The hidden feature.
  ///   - values: The values it can have, with their prior probabilities.
  ///   - label: The class of the record.
  ///   - ask: The model's probabilities.
  public static func guess(
    _ record: [Double], hidden place: Int, values: [(value: Double, prior: Double)], label: Int,
    ask: ([Double]) throws -> [Double]
  ) rethrows -> Double {
    var best = (value: values.first?.value ?? 0, score: -Double.infinity)
    for candidate in values {
      var tried = record
      tried[place] = candidate.value
      let p = try ask(tried)
      let score = candidate.prior * (p.indices.contains(label) ? p[label] : 0)
      if score > best.score { best = (candidate.value, score) }
    }
    return best.value
  }

  /// The guess that does not ask the model: the likeliest value.
  public static func baseline(_ values: [(value: Double, prior: Double)]) -> Double {
    values.max { $0.prior < $1.prior }?.value ?? 0
  }
}

/// What a model shows of a class: the input it is most confident about (Fredrikson, Jha and Ristenpart 2015, MI-Face).
public enum ModelInversion {
  /// Gradient ascent on the confidence within a box, from the middle of it.
  ///
  /// - Parameters:
  ///   - network: The model.
  ///   - label: The class.
  ///   - domain: The range of every feature.
  ///   - confidence: Enough; the search ends there.
  ///   - patience: Steps without a better confidence before the search ends.
  public static func typical(
    _ network: DenseNetwork, label: Int, domain: ClosedRange<Double>, confidence: Double = 0.999, patience: Int = 50,
    steps: Int = 2_000
  ) -> [Double] {
    let middle = domain.lowerBound + (domain.upperBound - domain.lowerBound) / 2
    var x = [Double](repeating: middle, count: network.widths[0])
    var best = (x: x, p: network.probabilities(x)[label])
    var waited = 0
    for _ in 0..<steps where best.p < confidence && waited < patience {
      let slope = network.confidenceGradient(x, label: label)
      let largest = slope.reduce(0) { max($0, abs($1)) }
      guard largest > 0 else { break }
      let step = (domain.upperBound - domain.lowerBound) / 50 / largest
      for index in x.indices {
        x[index] = min(max(x[index] + step * slope[index], domain.lowerBound), domain.upperBound)
      }
      let p = network.probabilities(x)[label]
      waited = p > best.p ? 0 : waited + 1
      if p > best.p { best = (x, p) }
    }
    return best.x
  }
}
