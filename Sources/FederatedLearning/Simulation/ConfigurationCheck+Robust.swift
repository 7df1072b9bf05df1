extension ConfigurationCheck {
  /// Hostile clients and the rule against them; nil when there are neither.
  func robust(_ quantizer: Quantizer, clients: Int) throws(FederatedError) -> RobustPlan? {
    let (robust, attack) = (configuration.robust, configuration.attack)
    guard robust.kind != "none" || attack.kind != "none" || robust.preparation ?? "none" != "none" else { return nil }
    let key = robust.kind == "none" && attack.kind != "none" ? "attack.kind" : "robust.kind"
    guard configuration.aggregation.kind == "plain" else {
      throw refuse(key, "needs aggregation plain: single updates are looked at")
    }
    guard configuration.privacy == nil else {
      throw refuse(key, "may not be used with privacy: the rule's sensitivity is not bounded")
    }
    guard !["scaffold", "fednova"].contains(configuration.algorithm.kind) else {
      throw refuse(key, "may not be used with algorithm \(configuration.algorithm.kind)")
    }
    guard robust.kind == "none" || configuration.weighting != "examples" else {
      throw refuse("weighting", "must be uniform with robust: a client could claim any number of examples")
    }
    guard configuration.cohort.sampling != "with-replacement" else {
      throw refuse("cohort.sampling", "with-replacement draws a client twice, which \(key) refuses")
    }
    guard quantizer.bits <= 24 else { throw refuse("quantize.bits", "must be at most 24 with robust or attack") }
    let needing = ["trimmed-mean", "mean-around-median", "krum", "multi-krum", "bulyan", "minimum-diameter"]
    guard robust.bad != nil || !needing.contains(robust.kind) else {
      throw refuse("robust.f", "is required by \(robust.kind): the most bad updates of a round")
    }
    guard robust.bad != nil || robust.preparation != "nearest-neighbor-mixing" else {
      throw refuse("robust.f", "is required by nearest-neighbor-mixing: the most bad updates of a round")
    }
    let bad = robust.bad ?? 0
    guard (0...100_000).contains(bad) else { throw refuse("robust.f", "must be at least 0") }
    guard (0..<1).contains(attack.fraction ?? (attack.kind == "none" ? 0 : 0.2)) else {
      throw refuse("attack.fraction", "must be at least 0 and below 1")
    }
    let fraction = attack.kind == "none" ? 0 : attack.fraction ?? 0.2
    return RobustPlan(
      rule: try rule(quantizer, bad: bad), isWeighted: robust.kind == "none" && configuration.weighting != "uniform",
      preparation: try preparation(bad: bad), attack: try attacks(quantizer),
      attackers: RobustPlan.attackers(count: Int(fraction * Double(clients)), of: clients, seed: configuration.seed),
      rootExamples: try rootExamples())
  }

  private func rule(_ quantizer: Quantizer, bad: Int) throws(FederatedError) -> RobustRule {
    let options = configuration.robust
    let iterations = options.iterations ?? (options.kind == "geometric-median" ? 8 : 3)
    guard (1...1000).contains(iterations) else { throw refuse("robust.iterations", "must be from 1 to 1000") }
    let radius = try number(options.radius ?? 1, "robust.radius", "a finite number > 0") { $0 > 0 } / quantizer.step
    switch options.kind {
    case "median": return .median
    case "trimmed-mean": return .trimmedMean(bad: bad)
    case "mean-around-median": return .meanAroundMedian(bad: bad)
    case "krum": return .krum(bad: bad)
    case "multi-krum": return .multiKrum(bad: bad)
    case "bulyan": return .bulyan(bad: bad)
    case "minimum-diameter": return .minimumDiameter(bad: bad)
    case "geometric-median": return .geometricMedian(iterations: iterations, smoothing: 0.1 / quantizer.step)
    case "centered-clipping": return .centeredClipping(radius: radius, iterations: iterations)
    case "norm-bounding": return .normBounding(radius: radius)
    case "trust": return .trust
    default: return .mean
    }
  }

  /// How many training examples the server holds, 0 for none.
  private func rootExamples() throws(FederatedError) -> Int {
    guard configuration.robust.kind == "trust" else { return 0 }
    let count = configuration.robust.rootExamples ?? 100
    guard (1...1_000_000).contains(count) else { throw refuse("robust.root_examples", "must be at least 1") }
    return count
  }

  private func preparation(bad: Int) throws(FederatedError) -> RobustPreparation? {
    let options = configuration.robust
    switch options.preparation ?? "none" {
    case "none": return nil
    case "nearest-neighbor-mixing": return .nearestNeighborMixing(bad: bad)
    case "bucketing":
      guard (1...100_000).contains(options.bucketSize ?? 2) else {
        throw refuse("robust.bucket_size", "must be at least 1")
      }
      return .bucketing(size: options.bucketSize ?? 2)
    case let other:
      let known = ["none", "nearest-neighbor-mixing", "bucketing"]
      throw refuse("robust.preparation", "has no kind \"\(other.prefix(40))\"\(Spelling.hint(other, among: known))")
    }
  }

  private func attacks(_ quantizer: Quantizer) throws(FederatedError) -> UpdateAttack? {
    let options = configuration.attack
    func scale(_ standard: Double) throws(FederatedError) -> Double {
      try number(options.scale ?? standard, "attack.scale", "a finite number") { _ in true }
    }
    switch options.kind {
    case "sign-flip": return .signFlip(scale: try scale(1))
    case "bit-flip": return .bitFlip(step: quantizer.step)
    case "label-flip": return .labelFlip
    case "backdoor":
      guard configuration.model.kind != "linear" else {
        throw refuse("attack.kind", "backdoor needs a model of classes")
      }
      return .backdoor(scale: try scale(10))
    case "scaled": return .scaled(scale: try scale(10))
    case "gaussian": return .gaussian(deviation: try scale(1) * Double(quantizer.radius))
    case "ipm": return .innerProduct(scale: try scale(1))
    case "alie":
      guard let z = options.deviations else { return .littleIsEnough(z: nil) }
      return .littleIsEnough(z: try number(z, "attack.z", "a finite number") { _ in true })
    case "min-max": return .minMax
    case "min-sum": return .minSum
    case "mimic": return .mimic
    default: return nil
    }
  }
}
