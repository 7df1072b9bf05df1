import FederatedLearning
import SecureRandom
import Testing

@Suite struct NetworkTests {
  /// Random examples with a width and number of classes that are no multiples of a vector's lanes.
  static func data(_ count: Int, width: Int, classes: Int, seed: UInt64 = 5) throws -> LabeledData {
    var generator = SimulationGenerator(seed: seed, stream: "examples")
    let features = (0..<count * width).map { _ in Float(generator.uniformUnit() * 2 - 1) }
    let labels = (0..<count).map { _ in UInt16(generator.uniform(below: classes)) }
    return try LabeledData(features: features, labels: labels, width: width, classes: classes)
  }

  @Test(arguments: [[], [6], [9, 5], [17, 8, 11]])
  func `the step is minus the gradient that finite differences give`(_ hidden: [Int]) throws {
    let data = try Self.data(7, width: 5, classes: 4)
    let network = Network(inputs: 5, hidden: hidden, classes: 4)
    var generator = SimulationGenerator(seed: 9, stream: "start")
    var start = network.initialParameters(&generator)
    // Away from zero, so that softmax regression is tested at a generic point too.
    for index in start.indices { start[index] += Float(generator.uniformUnit() - 0.5) * 0.4 }
    var scratch = network.makeScratch(batch: 7)
    let examples = (0..<7).map { Int32($0) }
    var stepped = start
    _ = network.descend(&stepped, on: data, examples: examples[...], rate: 1, scratch: &scratch)
    var kinks = 0
    for index in start.indices {
      func loss(_ shift: Float) -> Double {
        var moved = start
        moved[index] += shift
        var answers: [Float] = []
        return network.evaluate(moved, on: data, range: 0..<7, scratch: &scratch, answers: &answers) / 7
      }
      let width: Float = 1 / 256
      let (above, here, below) = (loss(width), loss(0), loss(-width))
      let numeric = (above - below) / Double(2 * width)
      let analytic = Double(start[index] - stepped[index])
      // Where a rectifier opens or closes inside the difference the loss has a corner and no derivative to compare.
      if abs(above - 2 * here + below) > 8e-3 * Double(width) {
        kinks += 1
        continue
      }
      #expect(abs(numeric - analytic) < 4e-3, "parameter \(index)")
    }
    #expect(kinks * 10 < start.count)
  }

  @Test(arguments: [1, 2, 4, 7, 10, 16, 18])
  func `both paths agree on inputs that are mostly zero, down to the sign of a zero weight`(_ classes: Int) throws {
    for (hidden, batch) in [([Int](), 3), ([9], 10), ([30, 21], 32), ([200], 10)] {
      var generator = SimulationGenerator(seed: UInt64(classes), stream: "zeros")
      // Some features are zero in every example: their weights must not change at all.
      let features = (0..<40 * 37).map { at in
        at % 37 % 5 == 0 || generator.uniformUnit() < 0.8 ? 0 : Float(generator.uniformUnit() * 2 - 1)
      }
      let labels = (0..<40).map { _ in UInt16(generator.uniform(below: classes)) }
      let data = try LabeledData(features: features, labels: labels, width: 37, classes: max(2, classes))
      let fast = Network(inputs: 37, hidden: hidden, classes: max(2, classes))
      var portable = fast
      portable.usesPortableKernels = true
      var a = fast.initialParameters(&generator).map { $0 == 0 ? Float(generator.uniformUnit() - 0.5) : $0 }
      for index in stride(from: 0, to: a.count, by: 3) { a[index] = -0.0 }
      var b = a
      var scratchA = fast.makeScratch(batch: batch)
      var scratchB = portable.makeScratch(batch: batch)
      for start in stride(from: 0, to: 40, by: batch) {
        let examples = (start..<min(40, start + batch)).map { Int32($0) }
        let lossA = fast.descend(&a, on: data, examples: examples[...], rate: 0.3, scratch: &scratchA)
        let lossB = portable.descend(&b, on: data, examples: examples[...], rate: 0.3, scratch: &scratchB)
        #expect(lossA == lossB)
        #expect(a.map(\.bitPattern) == b.map(\.bitPattern), "hidden \(hidden), batch \(batch)")
      }
    }
  }

  @Test func `the fast kernels and their portable twins give the same bits at every shape`() throws {
    for (hidden, batch) in [
      ([Int](), 1), ([3], 4), ([16], 5), ([24], 10), ([25, 9], 11), ([33, 40], 23), ([200], 10),
    ] {
      let data = try Self.data(29, width: 13, classes: 11)
      let fast = Network(inputs: 13, hidden: hidden, classes: 11)
      var portable = fast
      portable.usesPortableKernels = true
      var generator = SimulationGenerator(seed: 2, stream: "start")
      var a = fast.initialParameters(&generator)
      for index in a.indices { a[index] += Float(generator.uniformUnit() - 0.5) }
      var b = a
      var scratchA = fast.makeScratch(batch: batch)
      var scratchB = portable.makeScratch(batch: batch)
      let order = (0..<29).map { Int32($0) }
      for start in stride(from: 0, to: 29, by: batch) {
        let slice = order[start..<min(29, start + batch)]
        let lossA = fast.descend(&a, on: data, examples: slice, rate: 0.3, scratch: &scratchA)
        let lossB = portable.descend(&b, on: data, examples: slice, rate: 0.3, scratch: &scratchB)
        #expect(lossA == lossB)
      }
      #expect(a.map(\.bitPattern) == b.map(\.bitPattern))
    }
  }

  @Test func `descent lowers the loss of a batch that is repeated`() throws {
    let data = try Self.data(12, width: 6, classes: 3)
    let network = Network(inputs: 6, hidden: [10], classes: 3)
    var generator = SimulationGenerator(seed: 4, stream: "start")
    var parameters = network.initialParameters(&generator)
    var scratch = network.makeScratch(batch: 12)
    let all = (0..<12).map { Int32($0) }
    let losses = (0..<400).map { _ in
      network.descend(&parameters, on: data, examples: all[...], rate: 0.2, scratch: &scratch)
    }
    #expect(losses[399] < 0.2 * losses[0])
  }

  @Test func `zero parameters give a uniform answer, whose loss is the logarithm of the classes`() throws {
    let data = try Self.data(40, width: 6, classes: 10)
    let network = Network(inputs: 6, classes: 10)
    var scratch = network.makeScratch(batch: 16)
    let zeros = [Float](repeating: 0, count: network.parameterCount)
    var answers: [Float] = []
    let loss = network.evaluate(zeros, on: data, range: 0..<40, scratch: &scratch, answers: &answers)
    // ln 10 to seventeen digits.
    #expect(abs(loss / 40 - 2.302585092994045684) < 1e-14)
    #expect(answers == [Float](repeating: 0, count: 40))
  }

  @Test func `labels, shapes and features are checked once`() {
    #expect(throws: FederatedError.self) { try LabeledData(features: [1, 2, 3], labels: [0], width: 2, classes: 2) }
    #expect(throws: FederatedError.self) { try LabeledData(features: [1, 2], labels: [2], width: 2, classes: 2) }
    #expect(throws: FederatedError.self) { try LabeledData(features: [1, .nan], labels: [1], width: 2, classes: 2) }
    #expect(throws: FederatedError.self) { try LabeledData(features: [], labels: [], width: 0, classes: 2) }
  }

  @Test func `the embedded digits are the published table`() throws {
    let digits = try DataSplit.digits()
    #expect(digits.training.count == 1437 && digits.test.count == 360)
    let counts = zip(digits.training.classCounts, digits.test.classCounts).map { $0 + $1 }
    #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    let sum = (digits.training.features + digits.test.features).reduce(0.0) { $0 + Double($1) * 16 }
    #expect(sum == 561_718)
  }
}
