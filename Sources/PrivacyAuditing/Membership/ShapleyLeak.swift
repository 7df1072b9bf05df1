/// How much each training record moves what a model answers: SHAPr, membership leakage without an attack.
///
/// A nearest-neighbour classifier is put over the model's outputs; the Shapley value of a training record in it has a
/// closed recursion (Jia et al. 2019), and a record with a positive value is one whose presence shows in the answers
/// (Duddu, Szyller and Asokan 2021). The values are those of the records, so a report holds only how many are positive.
public enum ShapleyLeak {
  /// The values of many records without the records.
  public struct Summary: Sendable, Hashable {
    /// Training records.
    public let records: Int
    /// How many have a positive value: their presence shows in the answers.
    public let positive: Int
    /// The mean value, which is the accuracy of the nearest-neighbour classifier on the test records.
    public let mean: Double
    /// The largest value.
    public let largest: Double

    /// The share that is positive.
    public var share: Double { Double(positive) / Double(max(1, records)) }

    /// A summary of the values of ``ShapleyLeak/values(training:labels:test:testLabels:neighbours:)``.
    public init(_ values: [Double]) {
      records = values.count
      positive = values.count { $0 > 0 }
      mean = values.reduce(0, +) / Double(max(1, values.count))
      largest = values.max() ?? 0
    }
  }

  /// The value of every training record, its mean over test records times the number of training records.
  ///
  /// - Parameters:
  ///   - training: The model's output for each training record.
  ///   - labels: Their classes.
  ///   - test: The model's output for each test record.
  ///   - testLabels: Their classes.
  ///   - neighbours: K of the nearest-neighbour classifier, at least 1.
  /// - Throws: ``AuditError`` when lengths differ or a side is empty.
  public static func values(
    training: [[Double]], labels: [Int], test: [[Double]], testLabels: [Int], neighbours: Int = 1
  ) throws(AuditError) -> [Double] {
    let n = training.count
    let width = training.first?.count ?? 0
    guard n > 0, !test.isEmpty, labels.count == n, testLabels.count == test.count, neighbours >= 1,
      (training + test).allSatisfy({ $0.count == width && $0.allSatisfy(\.isFinite) })
    else { throw AuditError(.invalidSetting, "outputs: one of the same width for each record is needed") }
    var sums = [Double](repeating: 0, count: n)
    for (output, label) in zip(test, testLabels) {
      let distances = training.map { row in zip(row, output).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
      // Farthest first; equal distances by place, so that the result does not depend on the sort.
      let order = distances.indices.sorted {
        distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 > $1
      }
      func fits(_ position: Int) -> Double { labels[order[position]] == label ? 1 : 0 }
      var value = fits(0) * Double(min(neighbours, n)) / Double(neighbours) / Double(n)
      sums[order[0]] += value
      for position in 1..<max(1, n) {
        let rank = n - position
        value +=
          (fits(position) - fits(position - 1)) / Double(neighbours) * Double(min(neighbours, rank)) / Double(rank)
        sums[order[position]] += value
      }
    }
    return sums.map { $0 * Double(n) / Double(test.count) }
  }
}
