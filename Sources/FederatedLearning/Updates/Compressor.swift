public import SecureRandom

/// What a client does to its update to send fewer bits; the server adds up what it can reconstruct.
///
/// Compression comes before the grid and its clip, so that sensitivity is what it is without. Bytes on the wire are
/// counted for what would be sent.
public enum Compressor: Sendable, Hashable {
  /// The k = ⌈fraction·d⌉ values of largest magnitude; the rest is kept and added to the client's next update (error
  /// feedback; Stich, Cordonnier and Jaggi 2018).
  case topK(fraction: Double)
  /// Every value at random to one of the two nearest of 2^bits levels between the least and the largest, so that it is
  /// right on average (Suresh, Yu, Kumar and McMahan 2017).
  case stochastic(bits: Int)
  /// The same after a random rotation, signs and a Walsh–Hadamard transform, that makes values alike in size; the
  /// server turns back (Suresh and others 2017).
  case rotated(bits: Int)

  /// Whether what was left out is kept for the next time.
  public var keepsResidual: Bool {
    if case .topK = self { return true }
    return false
  }

  /// Bytes of a compressed update of `count` values.
  public func wireBytes(count: Int) -> Int {
    switch self {
    case .topK(let fraction):
      // A 32-bit value and a position each.
      Compressor.kept(fraction, count) * (4 + (Int.bitWidth - max(1, count - 1).leadingZeroBitCount + 7) / 8)
    case .stochastic(let bits): (count * bits + 7) / 8 + 8
    case .rotated(let bits): (Compressor.padded(count) * bits + 7) / 8 + 16
    }
  }

  static func kept(_ fraction: Double, _ count: Int) -> Int {
    max(1, min(count, Int((fraction * Double(count)).rounded(.up))))
  }

  static func padded(_ count: Int) -> Int {
    var size = 1
    while size < count { size *= 2 }
    return size
  }

  /// Replaces an update by what the server reconstructs.
  ///
  /// - Parameters:
  ///   - residual: what the client left out before; brought up to date. Empty at first.
  ///   - generator: the client's own stream for this round.
  ///
  /// **Edge cases**: an update with a value that is not finite is left as it is.
  public func apply(to update: inout [Float], residual: inout [Float], using generator: inout SimulationGenerator) {
    guard update.allSatisfy({ $0.isFinite }) else { return }
    switch self {
    case .topK(let fraction):
      if !residual.isEmpty { for index in update.indices { update[index] += residual[index] } }
      let k = Compressor.kept(fraction, update.count)
      // Ties go to the earlier position, so that exactly k values are sent.
      let order = update.indices.sorted { (-abs(update[$0]), $0) < (-abs(update[$1]), $1) }
      residual = update
      for index in order.prefix(k) { residual[index] = 0 }
      for index in order.dropFirst(k) { update[index] = 0 }
    case .stochastic(let bits): Compressor.round(&update, bits, &generator)
    case .rotated(let bits):
      let count = update.count
      let size = Compressor.padded(count)
      var signs = [Float](repeating: 1, count: size)
      for start in stride(from: 0, to: size, by: 64) {
        let word = generator.next()
        for bit in 0..<min(64, size - start) where (word >> UInt64(bit)) & 1 == 1 { signs[start + bit] = -1 }
      }
      var values = update + [Float](repeating: 0, count: size - count)
      for index in values.indices { values[index] *= signs[index] }
      Compressor.transform(&values)
      Compressor.round(&values, bits, &generator)
      Compressor.transform(&values)
      for index in update.indices { update[index] = values[index] * signs[index] }
    }
  }

  private static func round(_ values: inout [Float], _ bits: Int, _ generator: inout SimulationGenerator) {
    guard let low = values.min(), let high = values.max(), high > low else { return }
    let levels = Float((1 << bits) - 1)
    let step = (high - low) / levels
    for index in values.indices {
      let place = (values[index] - low) / step
      let below = place.rounded(.down)
      let up = Float(generator.uniformUnit()) < place - below
      values[index] = low + min(levels, below + (up ? 1 : 0)) * step
    }
  }

  /// The orthonormal Walsh–Hadamard transform, its own inverse, in a fixed order of additions.
  static func transform(_ values: inout [Float]) {
    let count = values.count
    var span = values.mutableSpan
    var width = 1
    while width < count {
      for start in stride(from: 0, to: count, by: 2 * width) {
        for index in start..<start + width {
          let (a, b) = (span[index], span[index + width])
          span[index] = a + b
          span[index + width] = a - b
        }
      }
      width *= 2
    }
    let scale = 1 / Float(count).squareRoot()
    for index in 0..<count { span[index] *= scale }
  }
}
