import SecureRandom

/// A public random rotation: signs, then the orthonormal Walsh-Hadamard transform.
///
/// It spreads a vector evenly over its coordinates, so that a small modulus holds their sum: a coordinate of H·D·x is a
/// sum of independent signs times x_j/√d, hence sub-Gaussian of variance ‖x‖²/d (Hoeffding 1963). The signs are public
/// and the same for all clients of a round; privacy does not rest on them.
public struct HadamardRotation: Sendable {
  /// The length of vectors before padding.
  public let count: Int
  /// The least power of two that is at least `count`.
  public let dimension: Int
  private let signs: [Double]

  /// A rotation that is a function of the seed.
  ///
  /// - Precondition: `count` is positive.
  public init(count: Int, seed: UInt64) {
    precondition(count > 0, "an empty vector has no rotation")
    var dimension = 1
    while dimension < count { dimension *= 2 }
    self.count = count
    self.dimension = dimension
    var generator = SimulationGenerator(seed: seed, stream: "rotation")
    var signs: [Double] = []
    signs.reserveCapacity(dimension)
    var word: UInt64 = 0
    for index in 0..<dimension {
      if index % 64 == 0 { word = generator.next() }
      signs.append(word & 1 == 0 ? 1 : -1)
      word >>= 1
    }
    self.signs = signs
  }

  /// The rotated vector, padded with zeros before.
  public func rotate(_ vector: [Double]) -> [Double] {
    precondition(vector.count == count, "a rotation takes vectors of its length")
    var result = [Double](repeating: 0, count: dimension)
    for index in vector.indices { result[index] = vector[index] * signs[index] }
    HadamardRotation.transform(&result)
    return result
  }

  /// The vector whose rotation is given; what was padding is dropped.
  public func unrotate(_ rotated: [Double]) -> [Double] {
    precondition(rotated.count == dimension, "an inverse rotation takes padded vectors")
    var result = rotated
    HadamardRotation.transform(&result)
    return (0..<count).map { result[$0] * signs[$0] }
  }

  /// In place; its own inverse.
  ///
  /// The order of additions depends on the length only.
  private static func transform(_ values: inout [Double]) {
    var span = values.mutableSpan
    var half = 1
    while half < span.count {
      var start = 0
      while start < span.count {
        for index in start..<start + half {
          let (a, b) = (span[index], span[index + half])
          span[index] = a + b
          span[index + half] = a - b
        }
        start += 2 * half
      }
      half *= 2
    }
    let scale = 1 / Double(span.count).squareRoot()
    for index in span.indices { span[index] *= scale }
  }
}
