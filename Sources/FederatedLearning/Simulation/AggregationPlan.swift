public import SecureAggregation

/// How the updates of a round are summed.
public enum AggregationPlan: Sendable, Hashable {
  /// In the clear.
  case plain
  /// Encrypted, with one key holder.
  case paillier(keyBits: Int)
  /// Encrypted, with a key that takes several decryptors.
  case thresholdPaillier(keyBits: Int, threshold: Int, parties: Int)
  /// Under pairwise masks.
  case pairwise(PairwiseSum.Pairing)

  /// Bits of the Paillier modulus, nil for the other kinds.
  public var keyBits: Int? {
    switch self {
    case .paillier(let bits), .thresholdPaillier(let bits, _, _): bits
    case .plain, .pairwise: nil
    }
  }
}

extension ConfigurationCheck {
  /// The protocol of a configuration.
  func aggregation(_ cohort: CohortSampling, _ clients: Int) throws -> AggregationPlan {
    let options = configuration.aggregation
    if options.kind != "plain", case .withReplacement = cohort {
      throw refuse(
        "cohort.sampling", "with-replacement draws a client twice, which aggregation \(options.kind) refuses")
    }
    let bits = options.keyBits ?? 3072
    let most = cohort.largestSize(clients: clients)
    switch options.kind {
    case "paillier": return .paillier(keyBits: bits)
    case "threshold-paillier":
      let parties = options.parties ?? 3
      guard (2...20).contains(parties) else { throw refuse("aggregation.parties", "must be from 2 to 20") }
      let threshold = options.threshold ?? parties / 2 + 1
      guard (1...parties).contains(threshold) else {
        throw refuse("aggregation.threshold", "must be from 1 to aggregation.parties")
      }
      return .thresholdPaillier(keyBits: bits, threshold: threshold, parties: parties)
    case "pairwise":
      guard most >= 3 else { throw refuse("aggregation.kind", "pairwise needs a cohort of at least 3") }
      if let threshold = options.threshold {
        guard threshold > (most - 1) / 2, threshold < most else {
          throw refuse("aggregation.threshold", "must be more than half of the other clients and at most all")
        }
      }
      return .pairwise(.complete(threshold: options.threshold))
    case "pairwise-graph": return .pairwise(try ring(options, most))
    default: return .plain
    }
  }

  private func ring(_ options: AggregationOptions, _ most: Int) throws -> PairwiseSum.Pairing {
    guard most >= 3 else { throw refuse("aggregation.kind", "pairwise-graph needs a cohort of at least 3") }
    guard let neighbours = options.neighbours else {
      guard options.threshold == nil else {
        throw refuse("aggregation.threshold", "may be given only together with aggregation.neighbours")
      }
      // Three standard deviations above the expected number of dropouts; a round that loses more still opens unless
      // somebody lost too many neighbours, and is abandoned then.
      let expected = Double(most) * configuration.dropout
      let lost = min(most - 1, Int((expected + 3 * (expected * (1 - configuration.dropout)).squareRoot()).rounded(.up)))
      guard let rule = try? MaskRule.ring(clients: most, corrupt: 0, dropped: lost) else {
        return .complete(threshold: nil)
      }
      return .ring(neighbours: rule.neighbours, threshold: rule.threshold)
    }
    guard neighbours >= 2, neighbours % 2 == 0, neighbours < most else {
      throw refuse("aggregation.neighbours", "must be even, at least 2 and fewer than the largest cohort, \(most)")
    }
    let threshold = options.threshold ?? neighbours / 2 + 1
    guard threshold > neighbours / 2, threshold <= neighbours else {
      throw refuse("aggregation.threshold", "must be more than half of aggregation.neighbours and at most all")
    }
    return .ring(neighbours: neighbours, threshold: threshold)
  }
}
