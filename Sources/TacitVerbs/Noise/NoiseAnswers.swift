import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom

/// A mechanism together with the values of the command line it answers.
struct NoiseAnswers {
  /// What one run costs.
  let event: PrivacyEvent
  /// The lines of one run.
  let draw: (inout SecureGenerator) -> [String]

  private init(_ event: PrivacyEvent, _ draw: @escaping (inout SecureGenerator) -> [String]) {
    self.event = event
    self.draw = draw
  }

  init(_ name: NoiseName, _ options: NoiseOptions) throws {
    let values = try options.numbers()
    switch name {
    case .exponential, .permuteAndFlip, .noisyMaxLaplace, .noisyMaxExponential, .topK:
      self = try NoiseAnswers.choice(name, options, values)
    case .randomizedResponse, .symmetricUnary, .optimizedUnary, .subsetSelection, .hadamard, .localHashing:
      self = try NoiseAnswers.report(name, options, values)
    case .sparseVector, .numericSparseVector, .tree, .toeplitz: self = try NoiseAnswers.stream(name, options, values)
    case .vectorL1, .vectorL2, .proposeTestRelease, .repeatedSelection:
      self = try NoiseAnswers.other(name, options, values)
    default: self = try NoiseAnswers.quantile(name, options, values)
    }
  }

  private static func choice(
    _ name: NoiseName, _ options: NoiseOptions, _ scores: [Int64]
  ) throws -> NoiseAnswers {
    let epsilon = try Epsilon(options.rational(options.epsilon, "epsilon"))
    let change = options.sensitivity ?? 1
    let monotone = options.monotone
    switch name {
    case .exponential:
      let mechanism = try ExponentialMechanism(epsilon: epsilon, sensitivity: change, monotone: monotone)
      return NoiseAnswers(mechanism.event) { ["\(mechanism.choose(scores, using: &$0))"] }
    case .permuteAndFlip:
      let mechanism = try PermuteAndFlipMechanism(epsilon: epsilon, sensitivity: change, monotone: monotone)
      return NoiseAnswers(mechanism.event) { ["\(mechanism.choose(scores, using: &$0))"] }
    case .topK:
      let mechanism = try TopKMechanism(
        choices: options.choices ?? 1, epsilonPerChoice: epsilon, sensitivity: change, monotone: monotone)
      return NoiseAnswers(mechanism.event) { [commaSeparated(mechanism.choose(scores, using: &$0))] }
    default:
      let noise: ReportNoisyMaxMechanism.Noise = name == .noisyMaxLaplace ? .laplace : .exponential
      let mechanism = try ReportNoisyMaxMechanism(
        epsilon: epsilon, noise: noise, sensitivity: change, monotone: monotone)
      return NoiseAnswers(mechanism.event) { ["\(mechanism.choose(scores, using: &$0))"] }
    }
  }

  private static func report(
    _ name: NoiseName, _ options: NoiseOptions, _ values: [Int64]
  ) throws -> NoiseAnswers {
    let epsilon = try Epsilon(options.rational(options.epsilon, "epsilon"))
    let categories = options.categories ?? 2
    let people = try values.map { value in
      guard value >= 0, value < categories else {
        throw CommandFailure("--values: must be from 0 to one less than the categories")
      }
      return Int(value)
    }
    switch name {
    case .randomizedResponse:
      let mechanism = try RandomizedResponse(ratio: LikelihoodRatio(epsilon: epsilon), categories: categories)
      return NoiseAnswers(mechanism.event) { generator in
        people.map { "\(mechanism.respond($0, using: &generator))" }
      }
    case .symmetricUnary:
      // Two bits differ: each may cost half.
      let half = try LikelihoodRatio(epsilon: Epsilon(epsilon.value / 2))
      return oracle(try UnaryEncoding.symmetric(bitRatio: half, categories: categories), people, bits)
    case .optimizedUnary:
      let ratio = try LikelihoodRatio(epsilon: epsilon)
      return oracle(try UnaryEncoding.optimized(ratio: ratio, categories: categories), people, bits)
    case .subsetSelection:
      let ratio = try LikelihoodRatio(epsilon: epsilon)
      return oracle(try SubsetSelection(ratio: ratio, categories: categories), people, commaSeparated)
    case .hadamard:
      let ratio = try LikelihoodRatio(epsilon: epsilon)
      return oracle(try HadamardResponse(ratio: ratio, categories: categories), people) { "\($0)" }
    default:
      let ratio = try LikelihoodRatio(epsilon: epsilon)
      return oracle(try LocalHashing(ratio: ratio, categories: categories), people) { report in
        "\(report.bucket) " + report.masks.map { String($0, radix: 16) }.joined(separator: ",")
      }
    }
  }

  private static func oracle<Oracle: FrequencyOracle>(
    _ oracle: Oracle, _ people: [Int], _ text: @escaping (Oracle.Report) -> String
  ) -> NoiseAnswers {
    NoiseAnswers(oracle.event) { generator in people.map { text(oracle.respond($0, using: &generator)) } }
  }

  private static func stream(
    _ name: NoiseName, _ options: NoiseOptions, _ values: [Int64]
  ) throws -> NoiseAnswers {
    let change = options.sensitivity ?? 1
    switch name {
    case .tree:
      let scale = try options.rational(options.scale, "scale")
      let mechanism = try TreeMechanism(
        horizon: values.count, node: DiscreteLaplaceMechanism(scale: scale, sensitivity: change))
      return NoiseAnswers(mechanism.event) { generator in
        var stream = mechanism.start()
        var lines: [String] = []
        for value in values { if let total = stream.add(value, using: &generator) { lines.append("\(total)") } }
        return lines
      }
    case .toeplitz:
      let rho = try Rho(options.rational(options.rho, "rho"))
      let mechanism = try ToeplitzMechanism(horizon: values.count, rho: rho, sensitivity: change)
      return NoiseAnswers(mechanism.event) { generator in
        var stream = mechanism.start()
        var lines: [String] = []
        for value in values { if let total = stream.add(value, using: &generator) { lines.append("\(total)") } }
        return lines
      }
    case .numericSparseVector:
      let epsilon = try options.rational(options.epsilon, "epsilon")
      let numbers = try options.answerEpsilon.map { try options.rational($0, "answer-epsilon") } ?? epsilon
      let mechanism = try NumericSparseVectorMechanism(
        comparisonEpsilon: Epsilon(epsilon), answerEpsilon: Epsilon(numbers), cutoff: Cutoff(options.cutoff ?? 1),
        sensitivity: change, monotone: options.monotone)
      let threshold = options.threshold ?? 0
      return NoiseAnswers(mechanism.event) { generator in
        var stream = mechanism.start(threshold: threshold, using: &generator)
        var lines: [String] = []
        for value in values {
          switch stream.answer(value, using: &generator) {
          case .above(let number): lines.append("above \(number)")
          case .below: lines.append("below")
          case nil: return lines
          }
        }
        return lines
      }
    default:
      let mechanism = try SparseVectorMechanism(
        epsilon: Epsilon(options.rational(options.epsilon, "epsilon")), cutoff: Cutoff(options.cutoff ?? 1),
        sensitivity: change, monotone: options.monotone)
      let threshold = options.threshold ?? 0
      return NoiseAnswers(mechanism.event) { generator in
        var stream = mechanism.start(threshold: threshold, using: &generator)
        var lines: [String] = []
        for value in values {
          if let above = stream.isAbove(value, using: &generator) { lines.append(above ? "above" : "below") }
        }
        return lines
      }
    }
  }

  private static func other(
    _ name: NoiseName, _ options: NoiseOptions, _ values: [Int64]
  ) throws -> NoiseAnswers {
    let change = options.sensitivity ?? 1
    switch name {
    case .vectorL1:
      let mechanism = try VectorSumMechanism(
        l1Bound: options.bound ?? 0, dimension: values.count,
        epsilon: Epsilon(options.rational(options.epsilon, "epsilon")), adjacency: options.neighbours())
      return NoiseAnswers(mechanism.event) { [commaSeparated(mechanism.release([values], using: &$0))] }
    case .vectorL2:
      let mechanism = try VectorSumMechanism(
        l2Bound: options.bound ?? 0, dimension: values.count, rho: Rho(options.rational(options.rho, "rho")),
        adjacency: options.neighbours())
      return NoiseAnswers(mechanism.event) { [commaSeparated(mechanism.release([values], using: &$0))] }
    case .proposeTestRelease:
      guard values.count == 2 else { throw CommandFailure("--values: must be VALUE,DISTANCE") }
      let mechanism = try ProposeTestRelease(
        inner: DiscreteLaplaceMechanism(scale: options.rational(options.scale, "scale"), sensitivity: change),
        testEpsilon: Epsilon(options.rational(options.epsilon, "epsilon")),
        delta: Delta(options.rational(options.delta, "delta")))
      return NoiseAnswers(mechanism.event) { generator in
        [mechanism.release(values[0], distance: values[1], using: &generator).map { "\($0)" } ?? "none"]
      }
    default:
      // One run looks at one score, chosen without the data, with discrete Laplace noise.
      let epsilon = try Epsilon(options.rational(options.epsilon, "epsilon"))
      let run = try DiscreteLaplaceMechanism(epsilon: epsilon, sensitivity: change)
      let gamma = try options.rational(options.gamma ?? "1/8", "gamma")
      let mechanism = try RepeatedSelection(base: run, repetitions: .logarithmic(gamma: gamma))
      let one = try ExponentialMechanism(epsilon: Epsilon(1))
      let level = [Int64](repeating: 0, count: values.count)
      return NoiseAnswers(mechanism.event) { generator in
        let chosen = mechanism.choose(using: &generator) { source in
          // Equal scores: a uniform index.
          let index = one.choose(level, using: &source)
          return (run.release(values[index], using: &source), index)
        }
        return [chosen.map { "\($0)" } ?? "none"]
      }
    }
  }

  private static func quantile(
    _ name: NoiseName, _ options: NoiseOptions, _ values: [Int64]
  ) throws -> NoiseAnswers {
    let epsilon = try Epsilon(options.rational(options.epsilon, "epsilon"))
    let quantile = try options.rational(options.quantile ?? "1/2", "quantile")
    let range = try options.bounds()
    switch name {
    case .smoothQuantile:
      let mechanism = try SmoothQuantileMechanism(quantile: quantile, range: range, epsilon: epsilon)
      return NoiseAnswers(mechanism.event) { ["\(mechanism.release(values, using: &$0))"] }
    case .quantileTree:
      guard quantile.signum >= 0, quantile <= 1 else { throw CommandFailure("--quantile: must be from 0 to 1") }
      let mechanism = try QuantileTreeMechanism(
        range: range, epsilon: epsilon, adjacency: options.neighbours(), branching: 16, height: 2)
      return NoiseAnswers(mechanism.event) { ["\(mechanism.release(values, using: &$0).quantile(quantile))"] }
    default:
      let mechanism = try QuantileMechanism(
        quantile: quantile, range: range, epsilon: epsilon, adjacency: options.neighbours())
      return NoiseAnswers(mechanism.event) { ["\(mechanism.release(values, using: &$0))"] }
    }
  }
}

private func commaSeparated(_ numbers: [some BinaryInteger]) -> String {
  numbers.map { "\($0)" }.joined(separator: ",")
}

private func bits(_ report: [Bool]) -> String { report.map { $0 ? "1" : "0" }.joined() }

/// What `tacit noise --describe` prints.
struct NoiseDescription: Encodable {
  let mechanism: String
  let event: PrivacyEvent
  let bias: JSONNumber?
  let standardDeviation: JSONNumber?
  let expectedError: JSONNumber?
  let errorBound: JSONNumber?

  enum CodingKeys: String, CodingKey {
    case mechanism, event, bias
    case standardDeviation = "standard_deviation"
    case expectedError = "expected_error"
    case errorBound = "error_bound_95"
  }

  init(_ name: NoiseName, _ options: NoiseOptions) throws {
    mechanism = name.rawValue
    guard name.isLaw else {
      event = try NoiseAnswers(name, options).event
      bias = nil
      standardDeviation = nil
      expectedError = nil
      errorBound = nil
      return
    }
    let additive = try options.additive(name)
    event = options.fixedCost ? try options.atFixedCost(name).event : additive.event
    bias = JSONNumber(additive.bias)
    standardDeviation = JSONNumber(additive.standardDeviation)
    expectedError = JSONNumber(additive.expectedError)
    errorBound = JSONNumber(additive.errorBound(confidence: 0.95))
  }
}
