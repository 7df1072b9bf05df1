private import CKernels

/// Turns a real update into integers on a grid, and clips it there in exact integers.
///
/// The grid step is `range / 2^(bits−1)`. With a clip the range is the clipping norm C, so that the norm bound is
/// exactly R = 2^(bits−1) steps: the L2 sensitivity that noise and accounting see.
public struct Quantizer: Sendable, Hashable {
  /// Width of a quantised value: magnitudes are at most 2^(bits−1).
  public let bits: Int
  /// The real value of the largest magnitude.
  public let range: Double
  /// Whether the L2 norm of a whole update is bounded by the radius, or only each value.
  public let clipsNorm: Bool

  /// The largest magnitude in grid steps, 2^(bits−1).
  public var radius: Int64 { 1 << (bits - 1) }
  /// The real value of one grid step.
  public var step: Double { range / Double(radius) }

  /// A quantiser; `bits` from 2 to 31 and a positive finite range.
  ///
  /// - Throws: ``FederatedError`` otherwise.
  public init(bits: Int, range: Double, clipsNorm: Bool) throws(FederatedError) {
    guard (2...31).contains(bits) else {
      throw FederatedError(.configuration, "quantize.bits", "must be from 2 to 31")
    }
    guard range > 0, range.isFinite, range / Double(1 << 30) > 0 else {
      throw FederatedError(.configuration, clipsNorm ? "privacy.clip" : "quantize.range", "must be a finite number > 0")
    }
    self.bits = bits
    self.range = range
    self.clipsNorm = clipsNorm
  }

  /// The same number of steps over another range.
  func over(_ range: Double) -> Quantizer { Quantizer(self, range) }

  private init(_ other: Quantizer, _ range: Double) {
    (bits, clipsNorm) = (other.bits, other.clipsNorm)
    self.range = range
  }

  /// What happened to an update on its way to the grid.
  public struct Outcome: Sendable, Hashable {
    /// Values beyond the grid that became its largest magnitude.
    public var saturated = 0
    /// Whether the norm was above the bound.
    public var clipped = false
    /// Whether the update held NaN or infinity and was replaced by zero.
    public var rejected = false
  }

  /// Quantises `update` into `grid`.
  ///
  /// Values are rounded to the nearest step, halves to even. With norm clipping, the update is first scaled to the
  /// bound, then rounded; rounding can push the norm above the bound again, so the scale is lowered by the exact
  /// excess and the rounding repeated, and after eight tries magnitudes are cut down by integer division, which cannot
  /// fail. On return Σ grid² ≤ radius², checked in integers.
  ///
  /// **Edge cases**: an update with NaN or infinity becomes zero and is reported; a zero update stays zero.
  public func quantize(_ update: [Float], into grid: inout [Int32]) -> Outcome {
    quantize(update, isFinite: update.allSatisfy { $0.isFinite }, into: &grid)
  }

  /// As ``quantize(_:into:)``, for a caller that has looked for NaN and infinity already.
  func quantize(_ update: [Float], isFinite: Bool, into grid: inout [Int32]) -> Outcome {
    precondition(update.count == grid.count, "one grid value for each parameter")
    var outcome = Outcome()
    guard isFinite else {
      for index in grid.indices { grid[index] = 0 }
      outcome.rejected = true
      return outcome
    }
    let inverse = Double(radius) / range
    guard clipsNorm else {
      outcome.saturated = round(update, inverse, &grid)
      return outcome
    }
    var squared = 0.0
    for value in update { squared += Double(value) * Double(value) }
    let norm = squared.squareRoot()
    var scale = inverse
    if norm > range {
      outcome.clipped = true
      scale = inverse * (range / norm)
    }
    for _ in 0..<8 {
      _ = round(update, scale, &grid)
      let length = Quantizer.squaredNorm(grid)
      if length <= UInt64(radius * radius) { return outcome }
      scale *= Double(radius) / Double(length).squareRoot()
    }
    shrink(&grid)
    return outcome
  }

  /// Adds `weight` times the quantised difference `update − origin` to `sums`, in one pass over the memory.
  ///
  /// The same integers as the difference, ``quantize(_:into:)`` and a weighted sum, for a quantiser that does not clip
  /// norms: those need all of an update before its first integer.
  ///
  /// - Returns: how many values were beyond the grid; a difference with NaN or infinity adds nothing and is reported.
  package func add(_ update: [Float], minus origin: [Float], weight: Int64, to sums: inout [Int64]) -> Outcome {
    precondition(!clipsNorm && update.count == origin.count && update.count <= sums.count, "one sum for each parameter")
    let found = unsafe update.withUnsafeBufferPointer { source in
      unsafe origin.withUnsafeBufferPointer { start in
        unsafe sums.withUnsafeMutableBufferPointer { target in
          guard let base = target.baseAddress else { return 0 }
          return unsafe base.withMemoryRebound(to: CLongLong.self, capacity: target.count) { sum in
            unsafe tacit_contribute(
              source.baseAddress, start.baseAddress, Double(radius) / range, Int32(radius), CLongLong(weight), sum,
              source.count)
          }
        }
      }
    }
    // C's largest size_t arrives as -1.
    return found < 0 ? Outcome(rejected: true) : Outcome(saturated: found)
  }

  /// Rounds every value and returns how many were beyond the grid.
  private func round(_ update: [Float], _ scale: Double, _ grid: inout [Int32]) -> Int {
    let count = update.count
    return unsafe update.withUnsafeBufferPointer { source in
      unsafe grid.withUnsafeMutableBufferPointer { target in
        unsafe tacit_quantize(source.baseAddress, scale, Int32(radius), target.baseAddress, count)
      }
    }
  }

  /// Multiplies by radius/⌈‖q‖⌉ rounding towards zero: Σ (|q|·R/s)² ≤ R²·‖q‖²/s² ≤ R² for s ≥ ‖q‖.
  private func shrink(_ grid: inout [Int32]) {
    let length = Quantizer.squaredNorm(grid)
    var divisor = Int64(Double(length).squareRoot())
    while UInt64(divisor * divisor) < length { divisor += 1 }
    for index in grid.indices { grid[index] = Int32(Int64(grid[index]) * radius / divisor) }
  }

  /// Σ q², exactly.
  ///
  /// Magnitudes are at most 2^30 and few of them can be large after scaling to a norm, so 64 bits hold
  /// the sum; an overflow would trap.
  package static func squaredNorm(_ grid: [Int32]) -> UInt64 {
    var sum: UInt64 = 0
    for value in grid { sum += UInt64(Int64(value) * Int64(value)) }
    return sum
  }
}
