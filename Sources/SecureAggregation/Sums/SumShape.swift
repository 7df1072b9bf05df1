/// What is summed in a round: how many integers, in which ring, by how many clients.
///
/// Clients work modulo 2^ringBits and reduce before they protect, in every protocol, so noise of any size stays inside
/// its slot. The sum is read back as the signed integer of least magnitude, which is the true sum whenever that lies in
/// −2^(ringBits−1) ..< 2^(ringBits−1).
public struct SumShape: Sendable, Hashable {
  /// The number of integers in a contribution.
  public let count: Int
  /// Contributions and sums are residues modulo 2^ringBits.
  public let ringBits: Int
  /// The most clients that may contribute to one sum.
  public let maximumContributors: Int
  /// The fewest contributors of a sum that may be opened.
  public let minimumContributors: Int

  /// Checks a shape: at least one value, 2 to 62 bits, 1 ≤ minimum ≤ maximum ≤ 2^30.
  ///
  /// - Throws: ``AggregationError`` naming the parameter.
  public init(
    count: Int, ringBits: Int, maximumContributors: Int, minimumContributors: Int = 1
  ) throws(AggregationError) {
    guard count >= 1 else { throw AggregationError(.shape, "count", "must be at least 1") }
    guard (2...62).contains(ringBits) else { throw AggregationError(.shape, "ringBits", "must be from 2 to 62") }
    guard (1...1 << 30).contains(maximumContributors) else {
      throw AggregationError(.shape, "maximumContributors", "must be from 1 to 2^30")
    }
    guard (1...maximumContributors).contains(minimumContributors) else {
      throw AggregationError(.shape, "minimumContributors", "must be from 1 to the maximum")
    }
    self.count = count
    self.ringBits = ringBits
    self.maximumContributors = maximumContributors
    self.minimumContributors = minimumContributors
  }

  /// The smallest ring that holds every sum of magnitude at most `bound`.
  ///
  /// - Throws: ``AggregationError`` when no ring of at most 62 bits does.
  public static func ringBits(holding bound: Int64) throws(AggregationError) -> Int {
    guard bound >= 0, bound < 1 << 61 else {
      throw AggregationError(.shape, "ringBits", "no ring of at most 62 bits holds the largest sum")
    }
    // −2^(b−1) ≤ −bound and bound ≤ 2^(b−1) − 1.
    return max(2, 65 - bound.leadingZeroBitCount)
  }

  /// 2^ringBits − 1.
  var mask: UInt64 { (1 << UInt64(ringBits)) - 1 }

  /// The residue of a signed integer.
  @inline(__always)
  public func residue(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) & mask }

  /// The signed integer of least magnitude in a residue class.
  @inline(__always)
  public func centred(_ residue: UInt64) -> Int64 {
    let shift = UInt64(64 - ringBits)
    return Int64(bitPattern: residue << shift) >> Int64(shift)
  }

  /// Checks the length and range of a contribution.
  func check(_ values: [Int64]) throws(AggregationError) {
    guard values.count == count else {
      throw AggregationError(.malformed, "contribution", "must hold \(count) values")
    }
  }
}
