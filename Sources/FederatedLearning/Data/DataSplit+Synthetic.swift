private import CKernels
import SecureRandom

extension DataSplit {
  /// The Synthetic(α, β) data of FedProx: 30 devices, 60 features, 10 classes, each device with a model of its own.
  ///
  /// The generator is the one of Li, Sahu, Zaheer, Sanjabi, Talwalkar and Smith 2020.
  /// Device k has ⌊LogNormal(4, 2)⌋ + 50 examples. With u_k ~ N(0, α) and B_k ~ N(0, β), its labels are
  /// argmax(xW_k + b_k) with all of W_k and b_k drawn from N(u_k, 1), and its inputs are x ~ N(v_k, Σ) with v_k's
  /// coordinates drawn from N(B_k, 1) and Σ = diag(j^−1.2). As in the published generator α and β are standard
  /// deviations; the paper's text calls them variances, which is the same for 0 and 1. The first nine tenths of a
  /// device's shuffled examples train, the rest test.
  ///
  /// - Throws: ``FederatedError`` when α or β is negative or not finite.
  public static func synthetic(alpha: Double, beta: Double, seed: UInt64) throws(FederatedError) -> DataSplit {
    guard alpha >= 0, beta >= 0, alpha.isFinite, beta.isFinite else {
      throw FederatedError(.data, "data", "synthetic needs two finite numbers of at least zero")
    }
    var generator = SimulationGenerator(seed: seed, stream: "synthetic")
    let sizes = (0..<devices).map { _ in Int(generator.logNormal(mean: 4, deviation: 2)) + 50 }
    let modelMeans = (0..<devices).map { _ in alpha * generator.normal() }
    let inputMeans = (0..<devices).map { _ in beta * generator.normal() }
    let centres = inputMeans.map { mean in (0..<width).map { _ in mean + generator.normal() } }
    return try assemble(sizes) { device, count in
      let model = SyntheticModel(mean: modelMeans[device], &generator)
      return model.examples(count, around: centres[device], &generator)
    }
  }

  /// The IID companion of ``synthetic(alpha:beta:seed:)``: the same sizes law, one model and one centre for all devices.
  public static func syntheticIID(seed: UInt64) throws(FederatedError) -> DataSplit {
    var generator = SimulationGenerator(seed: seed, stream: "synthetic-iid")
    let sizes = (0..<devices).map { _ in Int(generator.logNormal(mean: 4, deviation: 2)) + 50 }
    let centre = (0..<width).map { _ in generator.normal() }
    let model = SyntheticModel(mean: 0, &generator)
    return try assemble(sizes) { _, count in model.examples(count, around: centre, &generator) }
  }

  private static var devices: Int { 30 }
  private static var width: Int { 60 }

  private static func assemble(
    _ sizes: [Int], _ draw: (Int, Int) -> (features: [Float], labels: [UInt16])
  ) throws(FederatedError) -> DataSplit {
    var training: (features: [Float], labels: [UInt16], owners: [Int32]) = ([], [], [])
    var test: (features: [Float], labels: [UInt16]) = ([], [])
    for (device, size) in sizes.enumerated() {
      // Examples are independent draws, so that their order is a shuffled one already.
      let (features, labels) = draw(device, size)
      let cut = size * 9 / 10
      training.features += features[..<(cut * width)]
      training.labels += labels[..<cut]
      training.owners += [Int32](repeating: Int32(device), count: cut)
      test.features += features[(cut * width)...]
      test.labels += labels[cut...]
    }
    return try DataSplit(
      training: LabeledData(
        features: training.features, labels: training.labels, width: width, classes: SyntheticModel.classes),
      test: LabeledData(features: test.features, labels: test.labels, width: width, classes: SyntheticModel.classes),
      owners: training.owners)
  }
}

/// One linear model that labels synthetic inputs.
struct SyntheticModel {
  static let classes = 10
  let weights: [Double]
  let bias: [Double]

  init(mean: Double, _ generator: inout SimulationGenerator) {
    weights = (0..<60 * Self.classes).map { _ in mean + generator.normal() }
    bias = (0..<Self.classes).map { _ in mean + generator.normal() }
  }

  func examples(
    _ count: Int, around centre: [Double], _ generator: inout SimulationGenerator
  ) -> (features: [Float], labels: [UInt16]) {
    let deviations = centre.indices.map { tacit_exp(-0.6 * tacit_log(Double($0 + 1))) }
    var features: [Float] = []
    var labels: [UInt16] = []
    features.reserveCapacity(count * centre.count)
    for _ in 0..<count {
      let x = centre.indices.map { centre[$0] + deviations[$0] * generator.normal() }
      var best = (value: -Double.infinity, label: 0)
      for label in 0..<Self.classes {
        var value = bias[label]
        for index in x.indices { value += x[index] * weights[index * Self.classes + label] }
        if value > best.value { best = (value, label) }
      }
      features += x.map { Float($0) }
      labels.append(UInt16(best.label))
    }
    return (features, labels)
  }
}
