/// Examples with class labels, in one flat array that all simulated clients share.
public struct LabeledData: Sendable {
  /// The features of all examples, row after row.
  public let features: [Float]
  /// The class of each example, below ``classes``.
  public let labels: [UInt16]
  /// The number that each example stands for, when a model predicts numbers; empty for classes alone.
  public let targets: [Float]
  /// The number of features of one example.
  public let width: Int
  /// The number of classes.
  public let classes: Int

  /// The number of examples.
  public var count: Int { labels.count }

  /// Checks that shapes agree, labels are in range and every feature is finite.
  ///
  /// - Throws: ``FederatedError`` naming the first example at fault by its position, from 1.
  public init(features: [Float], labels: [UInt16], width: Int, classes: Int) throws(FederatedError) {
    guard width > 0, classes > 1, classes <= Int(UInt16.max) else {
      throw FederatedError(.data, "data", "needs at least one feature and two classes")
    }
    guard features.count == labels.count * width else {
      throw FederatedError(.data, "data", "has a number of features that is not examples × width")
    }
    if let bad = labels.firstIndex(where: { Int($0) >= classes }) {
      throw FederatedError(.data, "data", "example \(bad + 1) has a label outside 0…\(classes - 1)")
    }
    if let bad = features.firstIndex(where: { !$0.isFinite }) {
      throw FederatedError(.data, "data", "example \(bad / width + 1) has a feature that is not finite")
    }
    self.features = features
    self.labels = labels
    self.width = width
    self.classes = classes
    targets = []
  }

  /// Checks examples with numbers to be predicted; all are of one class.
  ///
  /// - Throws: ``FederatedError`` naming the first example at fault by its position, from 1.
  public init(features: [Float], targets: [Float], width: Int) throws(FederatedError) {
    let checked = try LabeledData(
      features: features, labels: [UInt16](repeating: 0, count: targets.count), width: width, classes: 2)
    if let bad = targets.firstIndex(where: { !$0.isFinite }) {
      throw FederatedError(.data, "data", "example \(bad + 1) has a target that is not finite")
    }
    self.init(unchecked: features, checked.labels, width, 2, targets)
  }

  /// What a model is asked for: the number of an example, or its class.
  public func target(_ example: Int) -> Float { targets.isEmpty ? Float(labels[example]) : targets[example] }

  private init(
    unchecked features: [Float], _ labels: [UInt16], _ width: Int, _ classes: Int, _ targets: [Float] = []
  ) {
    self.features = features
    self.labels = labels
    self.targets = targets
    self.width = width
    self.classes = classes
  }

  /// The examples of a range of positions.
  ///
  /// - Precondition: the range lies in `0 ..< count`.
  public subscript(_ range: Range<Int>) -> LabeledData {
    LabeledData(
      unchecked: Array(features[range.lowerBound * width..<range.upperBound * width]), Array(labels[range]), width,
      classes, targets.isEmpty ? [] : Array(targets[range]))
  }

  /// The examples at some positions, in that order.
  func picked(_ positions: some Sequence<Int32>) -> LabeledData {
    var (values, classesOf, numbers): ([Float], [UInt16], [Float]) = ([], [], [])
    for position in positions.lazy.map({ Int($0) }) {
      values += features[position * width..<(position + 1) * width]
      classesOf.append(labels[position])
      if !targets.isEmpty { numbers.append(targets[position]) }
    }
    return LabeledData(unchecked: values, classesOf, width, classes, numbers)
  }

  /// The same examples with labels y → C − 1 − y, and numbers of the opposite sign.
  var withFlippedLabels: LabeledData {
    LabeledData(
      unchecked: features, labels.map { UInt16(classes - 1) - $0 }, width, classes, targets.map { -$0 })
  }

  /// Every `step`th example with a trigger and the first class: the last sixteenth of its features, at least one, has
  /// the largest value of all.
  func withTrigger(every step: Int) -> LabeledData {
    var (values, named) = (features, labels)
    let largest = features.max() ?? 1
    let marks = max(1, width / 16)
    for example in stride(from: 0, to: count, by: step) {
      for place in (example + 1) * width - marks..<(example + 1) * width { values[place] = largest }
      named[example] = 0
    }
    return LabeledData(unchecked: values, named, width, classes, targets)
  }

  /// How many examples each class has.
  public var classCounts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[Int($1)] += 1 }
  }
}

/// A training set and the held-out set that accuracy is measured on.
public struct DataSplit: Sendable {
  /// What clients train on.
  public let training: LabeledData
  /// What the server evaluates on.
  public let test: LabeledData
  /// Whose each training example is, from 0, for the natural partition; nil when the data do not say.
  public let owners: [Int32]?

  /// Checks that both parts have the same width and classes and that neither is empty.
  ///
  /// - Throws: ``FederatedError`` otherwise.
  public init(training: LabeledData, test: LabeledData, owners: [Int32]? = nil) throws(FederatedError) {
    guard owners.map({ $0.count == training.count && $0.allSatisfy { $0 >= 0 } }) ?? true else {
      throw FederatedError(.data, "data", "needs one owner for each training example")
    }
    self.owners = owners
    guard training.targets.isEmpty == test.targets.isEmpty else {
      throw FederatedError(.data, "data", "training and test examples must both have targets, or neither")
    }
    guard training.width == test.width, training.classes == test.classes else {
      throw FederatedError(.data, "data", "training and test examples differ in width or classes")
    }
    guard training.count > 0, test.count > 0 else {
      throw FederatedError(.data, "data", "training and test sets must not be empty")
    }
    self.training = training
    self.test = test
  }
}
