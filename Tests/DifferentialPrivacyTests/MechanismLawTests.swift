import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom
import Testing

/// Enumerated laws of mechanisms on neighbours, and the list of which suite proves which mechanism.
@Suite struct MechanismLawTests {
  /// Every public type of the module that states an event, and the suite with its law on neighbours.
  private static let proofs: [String: String] = [
    // Replayed on the same words on neighbours; their samplers' laws are enumerated or tested by chi-square.
    "DiscreteLaplaceMechanism": "RecordAndReplayTests", "DiscreteGaussianMechanism": "RecordAndReplayTests",
    "SkellamMechanism": "RecordAndReplayTests", "LaplaceMechanism": "RecordAndReplayTests",
    "GaussianMechanism": "RecordAndReplayTests", "FixedCostMechanism": "FixedCostTests",
    "RandomizedResponse": "RecordAndReplayTests", "LocalHashing": "RecordAndReplayTests",
    // Enumerated on neighbours.
    "ExponentialMechanism": "MechanismLawTests", "PermuteAndFlipMechanism": "MechanismLawTests",
    // Tested by their own laws.
    "TopKMechanism": "QuantileAndTopKTests", "QuantileMechanism": "QuantileAndTopKTests",
    "SparseVectorMechanism": "SelectionTests", "TreeMechanism": "TreeMechanismTests",
    "HadamardResponse": "FrequencyOracleTests", "SubsetSelection": "FrequencyOracleTests",
    "UnaryEncoding": "FrequencyOracleTests",
    "OneSidedGeometricMechanism": "AdditiveLawTests", "StaircaseMechanism": "AdditiveLawTests",
    "VectorSumMechanism": "AdditiveLawTests", "ProposeTestRelease": "AdaptiveNoiseTests",
    "SmoothQuantileMechanism": "AdaptiveNoiseTests", "QuantileTreeMechanism": "AdaptiveNoiseTests",
    "ToeplitzMechanism": "ToeplitzMechanismTests", "NumericSparseVectorMechanism": "SelectionLawTests",
    "ReportNoisyMaxMechanism": "SelectionLawTests", "RepeatedSelection": "SelectionLawTests",
    "ThresholdSelection": "SelectionLawTests",
  ]

  /// Parts of mechanisms that hand their event on.
  private static let parts: Set<String> = ["LikelihoodRatio", "PreparedNoise"]

  /// The folder of this package, from this file's place in it.
  private static func packageFile(_ path: String) -> String {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return (parts + path.split(separator: "/")).joined(separator: "/")
  }

  private static func text(of path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = unsafe fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func swiftFiles(under path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return path.hasSuffix(".swift") ? [path] : [] }
    defer { unsafe closedir(folder) }
    var files: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if !name.hasPrefix(".") { files += swiftFiles(under: path + "/" + name) }
    }
    return files
  }

  @Test func `every mechanism has a suite that proves its law`() throws {
    let files = MechanismLawTests.swiftFiles(under: MechanismLawTests.packageFile("Sources/DifferentialPrivacy"))
    // Where the sources are not beside the tests there is nothing to compare with.
    guard !files.isEmpty else { return }
    var found: Set<String> = []
    for file in files {
      var type: String?
      for line in (MechanismLawTests.text(of: file) ?? "").split(separator: "\n") {
        if line.hasPrefix("public struct "),
          let name = line.split(whereSeparator: { " :<,{".contains($0) }).dropFirst(2).first
        {
          type = String(name)
        }
        if line.hasPrefix("extension ") || line.hasPrefix("public protocol ") || line.hasPrefix("struct ") {
          type = nil
        }
        let statesEvent =
          line.hasPrefix("  public var event: PrivacyEvent") || line.hasPrefix("  public let event: PrivacyEvent")
        if statesEvent, let type { found.insert(type) }
      }
    }
    #expect(found.count >= 14)
    for name in found.subtracting(MechanismLawTests.parts).sorted() {
      let suite = MechanismLawTests.proofs[name]
      #expect(suite != nil, "\(name) needs a row here and a suite that proves its law")
      let path = MechanismLawTests.packageFile("Tests/DifferentialPrivacyTests/\(suite ?? "").swift")
      let text = MechanismLawTests.text(of: path)
      #expect(text?.contains(name) == true, "\(path) does not mention \(name)")
    }
  }

  /// Scores that move by at most one, together in one direction for monotone mechanisms.
  private func neighbours(monotone: Bool) -> [([Int64], [Int64])] {
    var pairs: [([Int64], [Int64])] = []
    for scores in [[0, 0, 0], [3, 1, 0], [2, 2, -5], [0, 1, 2]] as [[Int64]] {
      for code in 0..<27 {
        let change = [code % 3 - 1, code / 3 % 3 - 1, code / 9 - 1].map(Int64.init)
        if monotone, change.contains(1), change.contains(-1) { continue }
        pairs.append((scores, zip(scores, change).map(+)))
      }
    }
    return pairs
  }

  /// Whether no enumerated outcome is likelier under one of two neighbours by more than e^ε.
  private func isPrivate(
    _ pairs: [([Int64], [Int64])], epsilon: Rational, drawsOneIndex: Bool = false,
    _ draw: ([Int64], inout ChoiceTree) -> Int
  ) -> Bool {
    let precision = 160
    let factor = ExactExponential.bounds(
      BigWhole(numeratorOf: epsilon), over: BigWhole(denominatorOf: epsilon), precision: precision
    ).low
    // Rounding moves a probability by less than 2^−120.
    let slack = BigWhole.one << (precision - 120)
    return pairs.allSatisfy { a, b in
      let p = ChoiceTree.law(a.count, drawsOneIndex: drawsOneIndex) { draw(a, &$0) }
      let q = ChoiceTree.law(b.count, drawsOneIndex: drawsOneIndex) { draw(b, &$0) }
      return zip(p, q).allSatisfy { x, y in
        (x * factor) >> precision <= y + slack && (y * factor) >> precision <= x + slack
      }
    }
  }

  @Test(arguments: [false, true])
  func `choices between enumerated outcomes never lose more than they claim`(monotone: Bool) throws {
    for epsilon in [Rational(1, 2), Rational(2)] {
      let flip = try PermuteAndFlipMechanism(epsilon: Epsilon(epsilon), monotone: monotone)
      let choose = try ExponentialMechanism(epsilon: Epsilon(epsilon), monotone: monotone)
      let pairs = neighbours(monotone: monotone)
      #expect(isPrivate(pairs, epsilon: epsilon) { flip.draw($0, using: &$1) })
      #expect(isPrivate(pairs, epsilon: epsilon, drawsOneIndex: true) { choose.draw($0, using: &$1) })
    }
  }

  @Test func `a choice that spends more than it claims is seen`() throws {
    // A broken twin: the rate of monotone scores for scores that are not.
    let broken = try PermuteAndFlipMechanism(epsilon: Epsilon(Rational(2)), monotone: true)
    #expect(!isPrivate(neighbours(monotone: false), epsilon: 2) { broken.draw($0, using: &$1) })
  }
}
