import ExactMath
import PrivacyAccounting

extension ConfigurationCheck {
  /// The sampling of examples and the steps of a round when the unit is an example; nil when it is a client.
  ///
  /// Everything that a step's release depends on but the examples themselves is a constant of the configuration: the
  /// rate, the number of steps, the divisor and the weight of the client, since how many examples a client has is
  /// itself changed by adding one.
  func exampleSteps(
    _ options: PrivacyOptions, _ unit: PrivacyPlan.Unit
  ) throws(FederatedError) -> (rate: Rational, count: Int)? {
    let client = configuration.client
    guard unit == .example else { return nil }
    guard let rate = client.batchRate?.value, rate.signum > 0, rate <= 1 else {
      throw refuse("client.batch_rate", "must be a number above 0 and at most 1 with privacy.unit example")
    }
    guard client.batchSize >= 1 else {
      throw refuse("client.batch_size", "must be at least 1 with privacy.unit example: sums are divided by it")
    }
    guard options.placement ?? "local" == "local" else {
      throw refuse("privacy.placement", "must be local with privacy.unit example: clients add noise to every step")
    }
    guard options.mechanism ?? "independent" == "independent" else {
      throw refuse("privacy.mechanism", "must be independent with privacy.unit example")
    }
    guard !options.adaptsClip else { throw refuse("privacy.clip", "must be a number with privacy.unit example") }
    let known = ["fedavg", "fedavgm", "fedadagrad", "fedadam", "fedyogi"]
    guard known.contains(configuration.algorithm.kind) else {
      throw refuse(
        "privacy.unit",
        "example may not be used with algorithm \(configuration.algorithm.kind); allowed: "
          + known.joined(separator: ", "))
    }
    guard let epoch = (Rational(1) / rate).ceiling, epoch <= 1_000_000 else {
      throw refuse("client.batch_rate", "must be at least 0.000001")
    }
    return (rate, client.epochs * epoch)
  }

  /// The grid of single examples' gradients, nil unless the unit is an example.
  func exampleQuantizer() throws(FederatedError) -> Quantizer? {
    guard let privacy = configuration.privacy, privacy.unit == "example" else {
      guard configuration.client.batchRate == nil else {
        throw refuse("client.batch_rate", "belongs to privacy.unit example")
      }
      return nil
    }
    guard !privacy.adaptsClip, let clip = privacy.clip?.value, clip.signum > 0 else {
      throw refuse("privacy.clip", "must be a number above 0 with privacy.unit example")
    }
    return try Quantizer(bits: configuration.quantize.bits, range: clip.doubleValue, clipsNorm: true)
  }

  /// Which noise goes with which rounds, checked by name; the weights of `banded`, nil for the other mechanisms.
  func factorization(
    _ options: PrivacyOptions, _ cohort: CohortSampling, _ placement: PrivacyPlan.Placement,
    _ noise: PrivacyPlan.Noise
  ) throws(FederatedError) -> BandedFactorization? {
    let mechanism = options.mechanism ?? "independent"
    let known = ["independent", "tree", "banded"]
    guard known.contains(mechanism) else {
      throw refuse(
        "privacy.mechanism", "has no value \"\(mechanism.prefix(40))\"\(Spelling.hint(mechanism, among: known))")
    }
    guard mechanism == "banded" else {
      guard options.bands == nil else { throw refuse("privacy.bands", "belongs to privacy.mechanism banded") }
      return nil
    }
    guard case .separated(let separation) = cohort.accounting else {
      throw refuse("privacy.mechanism", "banded needs cohort.sampling min-separation, which bounds participation")
    }
    guard placement == .central else { throw refuse("privacy.mechanism", "banded needs privacy.placement central") }
    guard noise == .gaussian else { throw refuse("privacy.noise", "must be gaussian with privacy.mechanism banded") }
    guard !options.adaptsClip else {
      throw refuse("privacy.clip", "must be fixed with privacy.mechanism banded: running sums need one grid")
    }
    let most = min(separation, configuration.rounds, 1 << 20)
    let bands = options.bands ?? most
    guard (1...most).contains(bands) else {
      throw refuse(
        "privacy.bands", "must be from 1 to \(most), the rounds after which a client may return, or all there are")
    }
    return BandedFactorization(bands: bands)
  }
}
