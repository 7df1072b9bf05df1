private import CKernels
import SecureRandom

/// What each round adds to its sum so that all rounds together carry the noise of a ``BandedFactorization``.
///
/// Let c be the integer coefficients, x_t the integer sum of round t and z_t exact integer noise. The mechanism releases
/// y_t = Σ_j c_j·x_{t−j} + z_t, an integer. The server publishes x̃_t, the integer nearest to
/// (y_t − Σ_{j>0} c_j·x̃_{t−j})/c₀: a function of y_1 … y_t alone, so post-processing, rounding included. Put
/// x̃_t = x_t + w_t. The x cancel, because adding an integer commutes with rounding to one, and what is left needs no
/// data: w_t is the integer nearest to (z_t − Σ_{j>0} c_j·w_{t−j})/c₀. That is what is added here.
///
/// One update of norm at most R that enters in round s moves the mean of y_s, y_{s+1}, … by at most c₀R, c₁R, …, and
/// of nothing `bands` rounds later. Each z_t is independent of all before, so this is an adaptive composition whose
/// Gaussian parameters add up to R²Σc²/σ²: one Gaussian release of that sensitivity for each participation, and those of
/// one client touch different rounds because it returns only after `bands` rounds or more.
///
/// The w of past rounds are secrets like noise: they live here only, are wiped, and are never written.
package final class BandedNoise {
  private let factorization: BandedFactorization
  /// w of the last rounds, newest last.
  private var past: [[Int64]] = []
  private var done = 0

  package init(_ factorization: BandedFactorization) { self.factorization = factorization }

  /// Overwrites `noise` with w of a round.
  ///
  /// - Precondition: rounds come one by one, but for simulated noise, which is made again from its seed.
  package func fill(_ noise: inout [Int64], round: Int, share: NoiseShare) {
    if round != done + 1 {
      precondition(share.isSimulated, "secret noise of past rounds cannot be had again")
      forget(keeping: 0)
      for before in 1..<round { advance(&noise, round: before, share: share) }
    }
    advance(&noise, round: round, share: share)
  }

  private func advance(_ noise: inout [Int64], round: Int, share: NoiseShare) {
    share.fill(&noise, round: round, party: nil)
    for (back, old) in past.reversed().enumerated() {
      BandedNoise.subtract(old, times: Int64(factorization.coefficients[back + 1]), from: &noise)
    }
    BandedNoise.divide(&noise)
    done = round
    guard factorization.bands > 1 else { return }
    past.append(noise)
    forget(keeping: factorization.bands - 1)
  }

  private static func subtract(_ old: [Int64], times weight: Int64, from noise: inout [Int64]) {
    let from = old.span
    var to = noise.mutableSpan
    for index in from.indices { to[index] -= weight * from[index] }
  }

  /// The nearest integer to a 4096th, halves up.
  private static func divide(_ noise: inout [Int64]) {
    let shift = Int64(BandedFactorization.shift)
    var to = noise.mutableSpan
    for index in to.indices { to[index] = (to[index] + (1 << (shift - 1))) >> shift }
  }

  private func forget(keeping count: Int) {
    while past.count > count {
      unsafe past[0].withUnsafeMutableBytes { unsafe tacit_wipe($0.baseAddress, $0.count) }
      past.removeFirst()
    }
  }

  deinit { forget(keeping: 0) }
}
