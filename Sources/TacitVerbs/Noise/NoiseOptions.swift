import ArgumentParser
import DifferentialPrivacy
import ExactMath
import PrivacyAccounting

/// The laws and mechanisms of `tacit noise` by their names on the command line.
enum NoiseName: String, ExpressibleByArgument, CaseIterable {
  case discreteLaplace = "discrete-laplace"
  case discreteGaussian = "discrete-gaussian"
  case laplace, gaussian, skellam, geometric, staircase
  case twoSidedGeometric = "two-sided-geometric"
  case uniformBits = "uniform-bits"
  case exponential
  case permuteAndFlip = "permute-and-flip"
  case noisyMaxLaplace = "noisy-max-laplace"
  case noisyMaxExponential = "noisy-max-exponential"
  case topK = "top-k"
  case randomizedResponse = "randomized-response"
  case symmetricUnary = "symmetric-unary"
  case optimizedUnary = "optimized-unary"
  case subsetSelection = "subset-selection"
  case hadamard
  case localHashing = "local-hashing"
  case repeatedSelection = "repeated-selection"
  case sparseVector = "sparse-vector"
  case numericSparseVector = "numeric-sparse-vector"
  case vectorL1 = "vector-l1"
  case vectorL2 = "vector-l2"
  case proposeTestRelease = "propose-test-release"
  case tree, toeplitz, quantile
  case smoothQuantile = "smooth-quantile"
  case quantileTree = "quantile-tree"

  /// Whether samples need no values.
  var isLaw: Bool {
    switch self {
    case .discreteLaplace, .discreteGaussian, .laplace, .gaussian, .skellam, .geometric, .staircase,
      .twoSidedGeometric, .uniformBits:
      true
    default: false
    }
  }

  /// The options that must be given.
  var needs: [String] {
    switch self {
    case .discreteLaplace, .discreteGaussian, .laplace, .gaussian, .skellam, .geometric, .staircase,
      .twoSidedGeometric, .uniformBits:
      ["scale"]
    case .exponential, .permuteAndFlip, .noisyMaxLaplace, .noisyMaxExponential, .topK, .sparseVector,
      .numericSparseVector, .repeatedSelection:
      ["epsilon", "values"]
    case .randomizedResponse, .symmetricUnary, .optimizedUnary, .subsetSelection, .hadamard, .localHashing:
      ["epsilon", "values", "categories"]
    case .tree: ["scale", "values"]
    case .toeplitz: ["rho", "values"]
    case .vectorL1: ["epsilon", "values", "bound"]
    case .vectorL2: ["rho", "values", "bound"]
    case .proposeTestRelease: ["scale", "epsilon", "delta", "values"]
    case .quantile, .smoothQuantile, .quantileTree: ["epsilon", "values", "range"]
    }
  }

  /// The options that may be given besides.
  var takes: [String] {
    switch self {
    case .uniformBits: []
    case .discreteLaplace, .discreteGaussian, .twoSidedGeometric: ["sensitivity", "fixed-cost"]
    case .laplace, .gaussian, .skellam, .geometric, .toeplitz, .tree, .proposeTestRelease: ["sensitivity"]
    case .vectorL1, .vectorL2: ["adjacency"]
    case .repeatedSelection: ["sensitivity", "gamma"]
    case .numericSparseVector: ["sensitivity", "monotone", "cutoff", "threshold", "answer-epsilon"]
    case .staircase: ["sensitivity", "first-step"]
    case .exponential, .permuteAndFlip, .noisyMaxLaplace, .noisyMaxExponential: ["sensitivity", "monotone"]
    case .topK: ["sensitivity", "monotone", "choices"]
    case .sparseVector: ["sensitivity", "monotone", "cutoff", "threshold"]
    case .randomizedResponse, .symmetricUnary, .optimizedUnary, .subsetSelection, .hadamard, .localHashing: []
    case .quantile, .quantileTree: ["quantile", "adjacency"]
    case .smoothQuantile: ["quantile"]
    }
  }
}

/// The parameters of `tacit noise`.
struct NoiseOptions: ParsableArguments {
  @Option(help: "Scale, standard deviation or number of bits: an exact decimal or fraction such as 0.5 or 5/3.")
  var scale: String?

  @Option(help: "Pure loss of one answer, or of one whole stream: an exact decimal or fraction.")
  var epsilon: String?

  @Option(help: "Zero-concentrated loss of one whole stream: an exact decimal or fraction.")
  var rho: String?

  @Option(help: "Largest change of a value, a score or a step between neighbours, in whole numbers (default: 1).")
  var sensitivity: Int?

  @Option(name: .customLong("first-step"), help: "Width of the staircase's first step (default: least expected error).")
  var firstStep: Int?

  @Option(help: "Whole numbers, separated by commas; write --values=-1,2 when the first is negative.")
  var values: String?

  @Option(help: "How many values a local report can be about.")
  var categories: Int?

  @Option(help: "How many indices top-k chooses (default: 1); each costs epsilon.")
  var choices: Int?

  @Option(help: "After how many answers above the threshold a stream ends (default: 1).")
  var cutoff: Int?

  @Option(help: "The public threshold of sparse-vector (default: 0).")
  var threshold: Int64?

  @Option(help: "The quantile, from 0 to 1 (default: 1/2).")
  var quantile: String?

  @Option(name: .customLong("answer-epsilon"), help: "Loss of the released numbers besides epsilon (default: epsilon).")
  var answerEpsilon: String?

  @Option(help: "Probability of releasing where the proposed sensitivity does not hold: an exact decimal or fraction.")
  var delta: String?

  @Option(help: "The bound a vector is clipped to, in whole numbers.")
  var bound: Int?

  @Option(help: "What ends the runs of repeated-selection, about 1/gamma of them (default: 1/8).")
  var gamma: String?

  @Flag(
    name: .customLong("fixed-cost"),
    help: "The same work for every sample, so that time does not tell it; the event has a delta of 1e-18 more.")
  var fixedCost = false

  @Option(help: "Smallest and largest value, as LOW,HIGH.")
  var range: String?

  @Option(help: "Neighbours of a quantile or a vector: add-remove or replace-one (default: replace-one).")
  var adjacency: String?

  @Flag(help: "Neighbours move all scores the same way, which halves the noise.")
  var monotone = false

  /// Refuses a command line with an option missing or one that would be ignored.
  func check(for name: NoiseName) throws {
    let given: [(String, Bool)] = [
      ("scale", scale != nil), ("epsilon", epsilon != nil), ("rho", rho != nil), ("sensitivity", sensitivity != nil),
      ("first-step", firstStep != nil), ("values", values != nil), ("categories", categories != nil),
      ("choices", choices != nil), ("cutoff", cutoff != nil), ("threshold", threshold != nil),
      ("quantile", quantile != nil), ("range", range != nil), ("adjacency", adjacency != nil), ("monotone", monotone),
      ("answer-epsilon", answerEpsilon != nil), ("delta", delta != nil), ("bound", bound != nil),
      ("gamma", gamma != nil), ("fixed-cost", fixedCost),
    ]
    for (option, isGiven) in given {
      let isNeeded = name.needs.contains(option)
      if isNeeded && !isGiven { throw ValidationError("--\(option): is needed for \(name.rawValue)") }
      if isGiven && !isNeeded && !name.takes.contains(option) {
        throw ValidationError("--\(option): is not for \(name.rawValue)")
      }
    }
  }

  func rational(_ text: String?, _ name: String) throws -> Rational {
    guard let text, let value = Rational(text) else {
      throw CommandFailure("--\(name): is not an exact decimal or fraction such as 0.05 or 5/3")
    }
    return value
  }

  func numbers() throws -> [Int64] {
    try (values ?? "").split(separator: ",", omittingEmptySubsequences: false).map { try number($0, "values") }
  }

  func bounds() throws -> ClosedRange<Int64> {
    let ends = try (range ?? "").split(separator: ",", omittingEmptySubsequences: false).map { try number($0, "range") }
    guard ends.count == 2, ends[0] <= ends[1] else { throw CommandFailure("--range: must be LOW,HIGH") }
    return ends[0]...ends[1]
  }

  func neighbours() throws -> Adjacency {
    guard let adjacency = Adjacency(rawValue: adjacency ?? Adjacency.replaceOne.rawValue) else {
      throw CommandFailure("--adjacency: must be add-remove or replace-one")
    }
    return adjacency
  }

  private func number(_ text: Substring, _ name: String) throws -> Int64 {
    guard let value = Int64(text) else { throw CommandFailure("--\(name): must be whole numbers separated by commas") }
    return value
  }
}

extension NoiseOptions {
  /// The samples of a law.
  func stream(_ name: NoiseName) throws -> NoiseStream {
    if fixedCost { return NoiseStream(fixedCost: try atFixedCost(name)) }
    let scale = try rational(scale, "scale")
    return switch name {
    case .discreteLaplace, .twoSidedGeometric: try .discreteLaplace(scale: scale)
    case .discreteGaussian: try .discreteGaussian(sigma: NoiseScale(sigma: scale))
    case .laplace: try .laplace(scale: LaplaceScale(scale))
    case .gaussian: try .gaussian(sigma: NoiseScale(sigma: scale))
    case .skellam: try .skellam(sigma: NoiseScale(sigma: scale))
    case .staircase: .noise(of: try staircase(scale))
    default: try .geometric(scale: scale)
    }
  }

  /// The mechanism whose noise a law is.
  func additive(_ name: NoiseName) throws -> any NoiseMechanism {
    let scale = try rational(scale, "scale")
    let change = sensitivity ?? 1
    return switch name {
    case .discreteLaplace, .twoSidedGeometric: try DiscreteLaplaceMechanism(scale: scale, sensitivity: change)
    case .discreteGaussian: try DiscreteGaussianMechanism(sigma: scale, sensitivity: Rational(change))
    case .laplace: try LaplaceMechanism(scale: scale, sensitivity: Rational(change))
    case .gaussian: try GaussianMechanism(sigma: scale, sensitivity: Rational(change))
    case .skellam: try SkellamMechanism(sigma: scale, sensitivity: Rational(change))
    case .staircase: try staircase(scale)
    default: try OneSidedGeometricMechanism(scale: scale, sensitivity: change)
    }
  }

  /// The mechanism whose samples all take the same work.
  func atFixedCost(_ name: NoiseName) throws -> FixedCostMechanism {
    let scale = try rational(scale, "scale")
    let change = sensitivity ?? 1
    if name == .discreteGaussian {
      return try FixedCostMechanism(DiscreteGaussianMechanism(sigma: scale, sensitivity: Rational(change)))
    }
    return try FixedCostMechanism(DiscreteLaplaceMechanism(scale: scale, sensitivity: change))
  }

  private func staircase(_ scale: Rational) throws -> StaircaseMechanism {
    guard scale.signum > 0 else { throw CommandFailure("--scale: must be a finite number > 0") }
    let change = sensitivity ?? 1
    return try StaircaseMechanism(
      epsilon: Epsilon(Rational(change) / scale), sensitivity: change, firstStep: firstStep)
  }
}
