private import CKernels
package import ExactMath
import SecureRandom

/// The symmetric Skellam law of any variance up to 2²⁴, exactly: sums of tabulated samples.
///
/// The law is infinitely divisible: a sample of variance σ² is the sum of m independent ones of variance σ²/m. Up to
/// σ = 128 one table look-up is one sample; a sample of σ = 4,096 is a sum of 1,024.
package struct SkellamSampler: Sendable {
  private let part: BlockSampler
  private let parts: Int

  /// The largest variance.
  package static let mostVariance = Rational(1 << 24)

  /// - Precondition: the variance is above zero and at most 2²⁴.
  package init(variance: Rational) {
    precondition(variance.signum > 0 && variance <= SkellamSampler.mostVariance, "a Skellam variance is at most 2^24")
    parts = max(1, (variance / 16_384).ceiling ?? 1)
    part = BlockSampler(.skellam(variance: variance / Rational(parts)))
  }

  /// Overwrites `output` with independent samples.
  package func fill<Source: UniformSource & ~Copyable>(
    _ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source
  ) {
    unsafe part.fill(output, using: &source)
    guard parts > 1 else { return }
    unsafe withUnsafeTemporaryAllocation(of: Int64.self, capacity: output.count) { more in
      for _ in 1..<parts {
        unsafe part.fill(UnsafeMutableBufferPointer(rebasing: more[...]), using: &source)
        for index in output.indices { unsafe output[index] &+= more[index] }
      }
      unsafe tacit_wipe(more.baseAddress, more.count * 8)
    }
  }
}
