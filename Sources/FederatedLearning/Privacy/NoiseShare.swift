import DifferentialPrivacy
import PrivacyAccounting
import SecureRandom

/// Draws a round's noise: the server's, or one client's share of it.
package struct NoiseShare: Sendable {
  private enum Sampler: Sendable {
    case gaussian(BlockSampler)
    case skellam(SkellamSampler)

    func fill<Source: UniformSource & ~Copyable>(
      _ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source
    ) {
      switch self {
      case .gaussian(let sampler): unsafe sampler.fill(output, using: &source)
      case .skellam(let sampler): unsafe sampler.fill(output, using: &source)
      }
    }
  }

  private let sampler: Sampler
  private let simulated: SimulationGenerator?

  /// Whether draws are functions of the round and the party.
  var isSimulated: Bool { simulated != nil }

  package init(_ plan: PrivacyPlan, seed: UInt64) throws {
    switch plan.noise {
    case .gaussian: sampler = .gaussian(BlockSampler(.roundedNormal(variance: plan.variance.variance)))
    case .discreteGaussian: sampler = .gaussian(BlockSampler(.discreteGaussian(variance: plan.variance.variance)))
    case .skellam: sampler = .skellam(SkellamSampler(variance: plan.variance.variance))
    }
    simulated = plan.isSimulated ? SimulationGenerator(seed: seed, stream: "noise") : nil
  }

  /// Overwrites `noise` with independent draws.
  ///
  /// - Parameters:
  ///   - round: from 1; matters to simulated noise only.
  ///   - party: the client, or nil for the server; matters to simulated noise only.
  package func fill(_ noise: inout [Int64], round: Int, party: Int?) {
    unsafe noise.withUnsafeMutableBufferPointer { output in
      if let simulated {
        var generator = simulated.substream(round).substream(UInt64(party.map { $0 + 1 } ?? 0))
        unsafe sampler.fill(output, using: &generator)
      } else {
        var generator = SecureGenerator()
        unsafe sampler.fill(output, using: &generator)
      }
    }
  }
}
