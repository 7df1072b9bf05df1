import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Releases a value with noise for a *proposed* local sensitivity, after a private test that the proposal holds nearby.
///
/// Dwork and Lei (2009). The caller proposes, from public knowledge, a sensitivity much smaller than the worst case: it is
/// that of ``inner``. Data decides the *distance*: how many records must change before some neighbour pair moves the value
/// by more than the proposal; 0 when the data itself is such a pair's half. The distance changes by at most one between
/// neighbours. The value is released only if the distance with discrete Laplace noise reaches ``threshold``.
///
/// If a pair of neighbours breaks the proposal, both have distance 0 and pass with probability at most δ, so the pair is
/// (0, δ)-indistinguishable. Otherwise the release is the test composed with the inner mechanism. The event is the
/// composition of all three, which is at least either.
///
/// Cost: one draw for the test and one for the release.
///
/// **Edge cases**: a negative distance counts as 0. The test's outcome is public; that the answer is `nil` leaks nothing
/// that was not paid for.
public struct ProposeTestRelease<Inner: WholeNumberMechanism>: Sendable {
  /// The mechanism of the release, whose sensitivity is the proposal.
  public let inner: Inner
  /// The noise of the test.
  public let test: DiscreteLaplaceMechanism
  /// The probability of a wrong release.
  public let delta: Delta
  /// The noisy distance from which on the value is released.
  public let threshold: Int64

  /// - Parameters:
  ///   - inner: the mechanism of the release, for one whole number.
  ///   - testEpsilon: the pure loss of the test.
  ///   - delta: the probability of a wrong release, above 0.
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(inner: Inner, testEpsilon: Epsilon, delta: Delta) throws(ParameterError) {
    guard inner.dimension.value == 1 else {
      throw ParameterError(.outOfRange, "dimension", "must be 1")
    }
    try ScaleLimits.checkPositive(delta.value, "delta")
    test = try DiscreteLaplaceMechanism(epsilon: testEpsilon)
    self.inner = inner
    self.delta = delta
    threshold = ProposeTestRelease.threshold(epsilon: testEpsilon, delta: delta)
  }

  /// One test and, where it passes, one release.
  public var event: PrivacyEvent {
    .composed([test.event, inner.event, .epsilonDelta(epsilon: Epsilon(unchecked: 0), delta: delta)])
  }

  /// The value with noise, or `nil` when the noisy distance is too small.
  ///
  /// - Parameters:
  ///   - value: the value.
  ///   - distance: how many records must change before the proposed sensitivity can fail.
  public func release(_ value: Int64, distance: Int64, using generator: inout SecureGenerator) -> Int64? {
    draw(value, distance: distance, using: &generator)
  }

  package func draw<Source: UniformSource & ~Copyable>(
    _ value: Int64, distance: Int64, using source: inout Source
  ) -> Int64? {
    let passes = test.draw([max(distance, 0)], using: &source)[0] >= threshold
    // Always drawn, so that time tells no more than the answer.
    let noisy = inner.draw([value], using: &source)[0]
    return passes ? noisy : nil
  }

  /// The smallest t with e^(−εt) ≤ δ, for which P[noise ≥ t] = e^(−εt)/(1 + e^(−ε)) ≤ δ; settled by whole-number bounds.
  private static func threshold(epsilon: Epsilon, delta: Delta) -> Int64 {
    let s = BigWhole(numeratorOf: epsilon.value)
    let t = BigWhole(denominatorOf: epsilon.value)
    func holds(_ count: Int64) -> Bool {
      // δ is at least 10⁻³⁰⁰: 1,100 bits decide.
      let high = ExactExponential.bounds(s * BigWhole(UInt64(count)), over: t, precision: 1_100).high
      return high * BigWhole(denominatorOf: delta.value) <= BigWhole(numeratorOf: delta.value) << 1_100
    }
    var high: Int64 = 1
    while !holds(high) { high *= 2 }
    var low: Int64 = 0
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
