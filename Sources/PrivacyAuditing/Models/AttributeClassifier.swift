/// A learnt guess of a hidden attribute, with or without the model's answer (the black-box attack and its baseline).
///
/// One logistic regression for each value, learnt from records of people who told the attribute. Trained once without
/// answers and once with them, the difference of the two shares of right guesses is what the model gives away.
public struct AttributeClassifier: Sendable {
  private let place: Int
  private let values: [Double]
  private let models: [LogisticModel]

  /// Learns from records whose attribute is known.
  ///
  /// - Parameters:
  ///   - records: The features, the attribute among them.
  ///   - place: Where the attribute is.
  ///   - answers: What the model answered to each record; `nil` for the baseline that does not ask it.
  /// - Throws: ``AuditError`` when lengths differ or the attribute has fewer than two values, or more than 64.
  public init(_ records: [[Double]], hidden place: Int, answers: [[Double]]? = nil) throws(AuditError) {
    guard let first = records.first, first.indices.contains(place), records.allSatisfy({ $0.count == first.count }),
      answers.map({ $0.count == records.count }) ?? true
    else { throw AuditError(.invalidSetting, "records: one width and one answer for each are needed") }
    values = Set(records.map { $0[place] }).sorted()
    guard (2...64).contains(values.count) else {
      throw AuditError(.invalidSetting, "hidden: an attribute has two to 64 values")
    }
    self.place = place
    let rows = records.indices.map { AttributeClassifier.row(records[$0], place, answers?[$0]) }
    // Few records with many features would be learnt by heart without a penalty.
    models = values.map { value in LogisticModel(rows, records.map { $0[place] == value }, ridge: 20) }
  }

  /// The likeliest value; what stands in the hidden place is not looked at.
  public func guess(_ record: [Double], answer: [Double]? = nil) -> Double {
    let row = AttributeClassifier.row(record, place, answer)
    let scores = models.map { $0.score(row) }
    return values[scores.indices.max { scores[$0] < scores[$1] } ?? 0]
  }

  private static func row(_ record: [Double], _ place: Int, _ answer: [Double]?) -> [Double] {
    Array(record[..<place] + record[(place + 1)...]) + (answer ?? [])
  }
}

extension AttributeInference {
  /// The value that makes the record look most like a member (attribute inference through membership).
  ///
  /// - Parameters:
  ///   - record: The features with any value in the hidden place.
  ///   - place: The hidden feature.
  ///   - values: The values it can have.
  ///   - membership: A membership score of a record, higher for members.
  public static func guess(
    _ record: [Double], hidden place: Int, among values: [Double], membership: ([Double]) throws -> Double
  ) rethrows -> Double {
    var best = (value: values.first ?? 0, score: -Double.infinity)
    for value in values {
      var tried = record
      tried[place] = value
      let score = try membership(tried)
      if score > best.score { best = (value, score) }
    }
    return best.value
  }
}
