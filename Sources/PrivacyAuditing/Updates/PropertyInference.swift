private import Glibc

/// Whether a client's data have a property, guessed from its update.
///
/// Source: Melis, Song, De Cristofaro and Shmatikov 2019. The attacker knows updates made from data with and without the property and separates them by a linear discriminant
/// with one variance for each coordinate, the best rule there is when coordinates are independent normals of equal
/// variance on both sides.
public struct PropertyInference: Sendable, Hashable {
  private let weights: [Double]
  private let threshold: Double

  /// Learns from updates of both kinds, at least two of each.
  ///
  /// - Throws: ``AuditError`` when there are too few or their widths differ.
  public init(with: [[Double]], without: [[Double]]) throws(AuditError) {
    let width = with.first?.count ?? 0
    guard with.count >= 2, without.count >= 2, (with + without).allSatisfy({ $0.count == width }) else {
      throw AuditError(.invalidSetting, "updates: two of one width with and without the property are needed")
    }
    var sides = [[Moments]](repeating: [Moments](repeating: Moments(), count: width), count: 2)
    for (side, updates) in [with, without].enumerated() {
      for update in updates { for index in 0..<width { sides[side][index].add(update[index]) } }
    }
    var weights = [Double](repeating: 0, count: width)
    var threshold = 0.0
    for index in 0..<width {
      let (a, b) = (sides[0][index], sides[1][index])
      let deviation = Moments.pooledDeviation([a, b])
      // A coordinate that never moves says nothing.
      guard deviation > 1e-12 else { continue }
      weights[index] = (a.mean - b.mean) / (deviation * deviation)
      threshold += weights[index] * (a.mean + b.mean) / 2
    }
    self.weights = weights
    self.threshold = threshold
  }

  /// Positive for the property.
  public func score(_ update: [Double]) -> Double {
    zip(weights, update).reduce(-threshold) { $0 + $1.0 * $1.1 }
  }
}
