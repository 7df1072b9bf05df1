extension ConfigurationCheck {
  /// A server that waits for nobody.
  func buffered() throws(FederatedError) -> FederatedAlgorithm {
    let options = configuration.algorithm
    let buffer = options.buffer ?? 10
    guard (1...1_000_000).contains(buffer) else { throw refuse("algorithm.buffer", "must be at least 1") }
    guard configuration.cohort.sampling == "fixed" else {
      throw refuse("cohort.sampling", "must be fixed with algorithm fedbuff: its size is how many train at a time")
    }
    guard configuration.aggregation.kind == "plain" else {
      throw refuse("aggregation.kind", "must be plain with algorithm fedbuff: updates are scaled as they come")
    }
    guard configuration.privacy == nil else {
      throw refuse("algorithm.kind", "fedbuff may not be used with privacy: a client may be in one step several times")
    }
    guard configuration.robust.kind == "none", configuration.attack.kind == "none" else {
      throw refuse("algorithm.kind", "fedbuff may not be used with robust or attack")
    }
    guard configuration.compression.kind != "top-k" else {
      throw refuse("compression.kind", "top-k may not be used with algorithm fedbuff")
    }
    let devices = configuration.devices
    guard devices.stragglers == 0, devices.timeout == nil, devices.overSelection == 1 else {
      throw refuse("devices", "may only have a speed with algorithm fedbuff: nobody waits for stragglers")
    }
    let rate = try number(options.serverLearningRate ?? 1, "algorithm.server_learning_rate", "a finite number > 0") {
      $0 > 0
    }
    return FederatedAlgorithm(.averaging(.averaging(rate: rate)), buffer: buffer)
  }

  /// What clients do to send fewer bits.
  func compressor() throws(FederatedError) -> Compressor? {
    let options = configuration.compression
    let bits = options.bits ?? 8
    guard (1...16).contains(bits) else { throw refuse("compression.bits", "must be from 1 to 16") }
    switch options.kind {
    case "top-k":
      let fraction = try number(options.fraction ?? 0.01, "compression.fraction", "above 0 and at most 1") {
        $0 > 0 && $0 <= 1
      }
      guard configuration.cohort.sampling != "with-replacement" else {
        throw refuse("cohort.sampling", "with-replacement draws a client twice, which compression top-k refuses")
      }
      guard !["scaffold", "fednova"].contains(configuration.algorithm.kind) else {
        throw refuse("compression.kind", "may not be used with algorithm \(configuration.algorithm.kind)")
      }
      return .topK(fraction: fraction)
    case "stochastic", "rotated":
      guard !["scaffold", "fednova"].contains(configuration.algorithm.kind) else {
        throw refuse("compression.kind", "may not be used with algorithm \(configuration.algorithm.kind)")
      }
      return options.kind == "stochastic" ? .stochastic(bits: bits) : .rotated(bits: bits)
    default: return nil
    }
  }
}
