/// How well an attribute that an attacker does not know is guessed with a model's answers, and without them.
///
/// The attacker has records of his own with the attribute, knows everything else about his victims, and asks the model.
/// What he guesses of people that the model was not trained on is knowledge about everybody; what he guesses better of
/// members is what training gave away (Yeom et al. 2018; Jayaraman and Evans 2022). So every guesser is measured on
/// both, and the difference is what counts.
public struct AttributeAudit: Sendable, Hashable {
  /// A record with its class and what the model answered to it.
  public struct Record: Sendable, Hashable {
    /// The features, the attribute among them.
    public var features: [Double]
    /// The class.
    public var label: Int
    /// The model's probabilities.
    public var answer: [Double]

    /// A record.
    public init(features: [Double], label: Int, answer: [Double]) {
      self.features = features
      self.label = label
      self.answer = answer
    }
  }

  /// One way to guess.
  public struct Row: Sendable, Hashable {
    /// How it was guessed.
    public let guesser: String
    /// Whether the model was asked.
    public let asksModel: Bool
    /// Right guesses among members.
    public let rightMembers: Int
    /// Members.
    public let members: Int
    /// Right guesses among others.
    public let rightOthers: Int
    /// Others.
    public let others: Int

    /// The share of members guessed rightly.
    public var shareOfMembers: Double { Double(rightMembers) / Double(members) }
    /// The share of others guessed rightly.
    public var shareOfOthers: Double { Double(rightOthers) / Double(others) }
    /// The exact 95 % interval of the share of members.
    public var interval: ClosedRange<Double> {
      let low = BinomialConfidence.lowerBound(successes: rightMembers, trials: members, error: 0.025)
      return low...max(low, BinomialConfidence.upperBound(successes: rightMembers, trials: members, error: 0.025))
    }

    /// Whether members are guessed better than others beyond chance, at 1 − alpha.
    ///
    /// The bounds of Clopper and Pearson at half of alpha each do not overlap, which is stricter than it need be.
    public func tellsMembers(alpha: Double) -> Bool {
      BinomialConfidence.lowerBound(successes: rightMembers, trials: members, error: alpha / 2)
        > BinomialConfidence.upperBound(successes: rightOthers, trials: others, error: alpha / 2)
    }
  }

  /// Which feature was guessed.
  public let place: Int
  /// How many values it has.
  public let values: Int
  /// Guessers that do not ask the model first.
  public let rows: [Row]

  /// Guesses.
  ///
  /// - Parameters:
  ///   - place: The feature that is hidden.
  ///   - known: Records of the attacker's own, with the attribute.
  ///   - members: Victims that the model was trained on.
  ///   - others: Victims that it was not trained on.
  ///   - ask: The model's probabilities for rows.
  /// - Throws: ``AuditError`` for a feature that is not there or has fewer than two values or more than 64, and for
  ///   empty sides; what `ask` throws.
  public init(
    hidden place: Int, known: [Record], members: [Record], others: [Record], ask: ([[Double]]) throws -> [[Double]]
  ) throws {
    guard let first = known.first, !members.isEmpty, !others.isEmpty, first.features.indices.contains(place) else {
      throw AuditError(
        .invalidSetting, "attribute: no feature \(place), or no records that the attacker, the model or nobody has")
    }
    let values = Set(known.map { $0.features[place] }).sorted()
    guard (2...64).contains(values.count) else {
      throw AuditError(
        .invalidSetting, "attribute: feature \(place) has \(values.count) values; an attribute has 2 to 64")
    }
    self.place = place
    self.values = values.count
    let priors = values.map { value in
      (value: value, prior: Double(known.count { $0.features[place] == value }) / Double(known.count))
    }
    let likeliest = AttributeInference.baseline(priors)
    let kept = AttributeAudit.informative(known.map(\.features), place)
    // Only the hidden feature and those kept, the hidden one first.
    func narrow(_ record: Record) -> [Double] { [record.features[place]] + kept.map { record.features[$0] } }
    let blind = try AttributeClassifier(known.map(narrow), hidden: 0)
    let asked = try AttributeClassifier(known.map(narrow), hidden: 0, answers: known.map(\.answer))
    let victims = members + others
    // One question for every value of every victim.
    let answers = try ask(
      victims.flatMap { victim in
        values.map { value in
          var tried = victim.features
          tried[place] = value
          return tried
        }
      })
    guard answers.count == victims.count * values.count else {
      throw AuditError(.targetFailed, "answers: one for each row is needed")
    }
    func confidence(_ victim: Int, _ value: Int) -> Double {
      let p = answers[victim * values.count + value]
      return p.indices.contains(victims[victim].label) ? p[victims[victim].label] : 0
    }
    func best(_ score: (Int) -> Double) -> Double {
      values[values.indices.max { score($0) < score($1) } ?? 0]
    }
    func row(_ name: String, _ asksModel: Bool, _ guess: (Int) -> Double) -> Row {
      let right = victims.indices.map { guess($0) == victims[$0].features[place] }
      return Row(
        guesser: name, asksModel: asksModel, rightMembers: right[..<members.count].count { $0 }, members: members.count,
        rightOthers: right[members.count...].count { $0 }, others: others.count)
    }
    rows = [
      row("the likeliest value", false) { _ in likeliest },
      row("learnt from the other features", false) { blind.guess(narrow(victims[$0])) },
      row("learnt with the model's answer", true) { asked.guess(narrow(victims[$0]), answer: victims[$0].answer) },
      row("confidence times prior", true) { victim in
        best { confidence(victim, $0) * priors[$0].prior }
      },
      row("the value that looks most like a member", true) { victim in best { confidence(victim, $0) } },
    ]
  }

  /// At most 48 other features: those that vary most with the hidden one.
  private static func informative(_ rows: [[Double]], _ place: Int) -> [Int] {
    let others = rows[0].indices.filter { $0 != place }
    guard others.count > 48 else { return others }
    func mean(_ index: Int) -> Double { rows.reduce(0) { $0 + $1[index] } / Double(rows.count) }
    let center = mean(place)
    let strength = others.map { index -> Double in
      let middle = mean(index)
      var (product, square) = (0.0, 0.0)
      for row in rows {
        product += (row[index] - middle) * (row[place] - center)
        square += (row[index] - middle) * (row[index] - middle)
      }
      return square > 0 ? product * product / square : 0
    }
    let order = strength.indices.sorted { (strength[$1], $0) < (strength[$0], $1) }
    return order.prefix(48).map { others[$0] }.sorted()
  }
}
