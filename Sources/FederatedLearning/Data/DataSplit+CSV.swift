import SecureRandom
import TableFormats

extension DataSplit {
  /// Rows of a CSV file with a header, gzip or not: one column is the class, the others are numbers.
  ///
  /// Classes are numbered in the order of their numbers, or of their text when some are not whole numbers. Rows are
  /// shuffled by the seed, and a sixth of them is the test set.
  ///
  /// - Parameters:
  ///   - label: the column of the class, or with `isNumber` of the number that is to be predicted.
  ///   - owner: a column that says whose a row is, for the natural partition; it is no feature.
  /// - Throws: `TableError` naming file and line of a ragged row; ``FederatedError`` naming line and column of a field
  ///   that is no number, or a column that is not there.
  public static func csv(
    path: String, label: String, owner: String? = nil, seed: UInt64, isNumber: Bool = false
  ) throws -> DataSplit {
    var reader = try CSVReader(ByteSource(path: path))
    let names = reader.columns
    guard let labelColumn = names.firstIndex(of: label) else {
      throw FederatedError(.data, path, "has no column \"\(label.prefix(40))\" for the label")
    }
    let ownerColumn = owner.flatMap { names.firstIndex(of: $0) }
    if let owner, ownerColumn == nil {
      throw FederatedError(.data, path, "has no column \"\(owner.prefix(40))\" for the natural partition")
    }
    let inputs = names.indices.filter { $0 != labelColumn && $0 != ownerColumn }
    var features: [Float] = []
    var answers: [String] = []
    var owners: [String] = []
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount {
        let line = batch.line(ofRow: row)
        if let problem = batch.problem(ofRow: row) {
          throw FederatedError(.data, path, "line \(line): \(problem.reason)")
        }
        for column in inputs {
          guard let text = batch.text(row: row, column: column), let value = Float(text), value.isFinite else {
            throw FederatedError(.data, path, "line \(line): column \(names[column]) is not a finite number")
          }
          features.append(value)
        }
        guard let answer = batch.text(row: row, column: labelColumn), !answer.isEmpty else {
          throw FederatedError(.data, path, "line \(line): the label is empty")
        }
        guard !isNumber || Float(answer)?.isFinite == true else {
          throw FederatedError(.data, path, "line \(line): column \(names[labelColumn]) is not a finite number")
        }
        answers.append(answer)
        if let ownerColumn { owners.append(batch.text(row: row, column: ownerColumn) ?? "") }
      }
    }
    guard !inputs.isEmpty, answers.count >= 6 else {
      throw FederatedError(.data, path, "needs at least one feature and six rows")
    }
    let classes = isNumber ? [:] : numbered(answers)
    guard isNumber || (2...Int(UInt16.max)).contains(classes.count) else {
      throw FederatedError(.data, path, "needs 2 to 65535 classes, has \(classes.count)")
    }
    let units = numbered(owners)
    var generator = SimulationGenerator(seed: seed, stream: "csv")
    var order = Array(0..<answers.count)
    generator.shuffle(&order)
    let cut = answers.count - answers.count / 6
    func part(_ rows: ArraySlice<Int>) throws -> LabeledData {
      if isNumber {
        return try LabeledData(
          features: rows.flatMap { features[$0 * inputs.count..<($0 + 1) * inputs.count] },
          targets: rows.map { Float(answers[$0]) ?? 0 }, width: inputs.count)
      }
      return try LabeledData(
        features: rows.flatMap { features[$0 * inputs.count..<($0 + 1) * inputs.count] },
        labels: rows.map { UInt16(classes[answers[$0]] ?? 0) }, width: inputs.count, classes: classes.count)
    }
    return try DataSplit(
      training: part(order[..<cut]), test: part(order[cut...]),
      owners: ownerColumn == nil ? nil : order[..<cut].map { Int32(units[owners[$0]] ?? 0) })
  }

  /// Numbers distinct texts, by value when all are whole numbers.
  private static func numbered(_ texts: [String]) -> [String: Int] {
    let distinct = Set(texts)
    let sorted =
      distinct.allSatisfy { Int($0) != nil }
      ? distinct.sorted { (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1) } : distinct.sorted()
    return Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
  }
}
