private import CKernels
public import PrivacyAccounting
import SecureRandom

/// Noise drawn ahead of the queries that will use it, so that answering takes the same time whatever the noise is.
///
/// Exact samplers reject candidates, and how often they do correlates with the noise: timing a release can reveal it
/// (Jin et al. 2022). Here all drawing happens in ``NoiseMechanism``'s `prepare`, away from any query; a release takes
/// the next sample, adds it and wipes it, without a branch on either. Charge the mechanism's event for every release.
///
/// The value cannot be copied, so no sample is used twice, and what is left is wiped when it goes away.
@safe
public struct PreparedNoise: ~Copyable, @unchecked Sendable {
  /// What one release costs.
  public let event: PrivacyEvent
  private let samples: UnsafeMutableBufferPointer<Int64>
  private var next = 0

  init(_ source: NoiseSource, count: Int, event: PrivacyEvent, using generator: inout SecureGenerator) {
    self.event = event
    unsafe samples = .allocate(capacity: count)
    unsafe samples.initialize(repeating: 0)
    unsafe source.draw(samples, using: &generator)
  }

  deinit {
    unsafe tacit_wipe(samples.baseAddress, samples.count * 8)
    unsafe samples.deallocate()
  }

  /// How many releases are left.
  public var remaining: Int { unsafe samples.count - next }

  /// The value with the next sample added, clamped as every mechanism clamps.
  ///
  /// - Precondition: a sample remains; how many do is public.
  public mutating func release(_ value: Int64) -> Int64 {
    precondition(remaining > 0, "all prepared noise is used; prepare more ahead of the queries")
    let noise = unsafe samples[next]
    unsafe samples[next] = 0
    next += 1
    return NoiseSource.sum(value, noise)
  }
}
