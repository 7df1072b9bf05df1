/// What `tacit tradeoff --json` prints.
struct TradeoffDocument: Encodable {
  /// Trainings of one kind with seeds one apart.
  struct Measurement: Encodable {
    let accuracies: [Double]

    var mean: Double { accuracies.reduce(0, +) / Double(accuracies.count) }

    /// Of single trainings, nil for one.
    var deviation: Double? {
      guard accuracies.count > 1 else { return nil }
      let squares = accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (squares / Double(accuracies.count - 1)).squareRoot()
    }

    /// Of the mean.
    var standardError: Double? { deviation.map { $0 / Double(accuracies.count).squareRoot() } }

    enum CodingKeys: String, CodingKey {
      case accuracies
      case mean = "accuracy_mean"
      case deviation = "accuracy_standard_deviation"
      case standardError = "accuracy_standard_error"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(accuracies, forKey: .accuracies)
      try container.encode(mean, forKey: .mean)
      try container.encode(deviation, forKey: .deviation)
      try container.encode(standardError, forKey: .standardError)
    }
  }

  /// One ε.
  struct Point: Encodable {
    let epsilon: Double
    let certified: Double
    let measured: Measurement
    let setting: String
    let halving: TradeoffHalving?
    /// Whether no other point has an ε as small with more accuracy, or as much accuracy with a smaller ε.
    var isOnFrontier = false

    enum CodingKeys: String, CodingKey {
      case epsilon, setting, halving
      case certified = "epsilon_certified"
      case isOnFrontier = "on_frontier"
    }

    func encode(to encoder: any Encoder) throws {
      try measured.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(epsilon, forKey: .epsilon)
      try container.encode(certified, forKey: .certified)
      try container.encode(halving, forKey: .halving)
      try container.encode(isOnFrontier, forKey: .isOnFrontier)
      if !setting.isEmpty { try container.encode(setting, forKey: .setting) }
    }
  }

  /// What was measured with one setting of the grid's keys.
  struct Series: Encodable {
    let setting: String
    /// The same trainings without privacy.
    let baseline: Measurement
    var points: [Point]

    /// The smallest ε whose mean accuracy is within one standard error, of the two means' difference, of what is reached
    /// without privacy; nil when there is none or every mean is of one training.
    var sufficient: Double? {
      guard let own = baseline.standardError else { return nil }
      return points.sorted { $0.epsilon < $1.epsilon }.first { point in
        let other = point.measured.standardError ?? 0
        return point.measured.mean + (own * own + other * other).squareRoot() >= baseline.mean
      }?.epsilon
    }

    enum CodingKeys: String, CodingKey {
      case setting, baseline
      case sufficient = "smallest_sufficient_epsilon"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(setting, forKey: .setting)
      try container.encode(baseline, forKey: .baseline)
      try container.encode(sufficient, forKey: .sufficient)
    }
  }

  var series: [Series]
  let delta: Double
  let repeats: Int
  let seed: UInt64
  let seconds: Double

  /// Marks the points that no other one beats in both ε and accuracy.
  mutating func markFrontier() {
    let all = series.flatMap(\.points)
    for (place, one) in series.enumerated() {
      for (index, point) in one.points.enumerated() {
        series[place].points[index].isOnFrontier = !all.contains { other in
          let (epsilon, mean) = (other.epsilon, other.measured.mean)
          return epsilon <= point.epsilon && mean >= point.measured.mean
            && (epsilon < point.epsilon || mean > point.measured.mean)
        }
      }
    }
  }

  /// One line for each setting and ε, after a line of names; an empty ε is the training without privacy.
  var csv: String {
    var lines = [
      "setting,epsilon,epsilon_certified,accuracy_mean,accuracy_standard_deviation,accuracy_standard_error,runs,"
        + "on_frontier,halving_clients,halving_rounds"
    ]
    func add(_ setting: String, _ epsilon: [String], _ measured: Measurement, _ rest: [String]) {
      // Settings hold commas and equals signs; quotes only where a value has them.
      let quoted =
        "\"" + setting.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
      let numbers = [measured.deviation, measured.standardError].map { $0.map { "\($0)" } ?? "" }
      lines.append(
        ([quoted] + epsilon + ["\(measured.mean)"] + numbers + ["\(measured.accuracies.count)"] + rest)
          .joined(separator: ","))
    }
    for one in series {
      add(one.setting, ["", ""], one.baseline, ["", "", ""])
      for point in one.points {
        add(
          one.setting, ["\(point.epsilon)", "\(point.certified)"], point.measured,
          ["\(point.isOnFrontier)"] + (point.halving.map { ["\($0.clients)", "\($0.rounds)"] } ?? ["", ""]))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  enum CodingKeys: String, CodingKey { case points, series, delta, repeats, seed, seconds }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(series.flatMap(\.points), forKey: .points)
    try container.encode(series, forKey: .series)
    try container.encode(delta, forKey: .delta)
    try container.encode(repeats, forKey: .repeats)
    try container.encode(seed, forKey: .seed)
    try container.encode(seconds, forKey: .seconds)
  }
}
