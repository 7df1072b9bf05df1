import SecureAggregation
import SecureRandom

/// Clips, rotates, scales and rounds an update for a sum with noise from the clients (Kairouz, Liu and Steinke 2021).
///
/// The grid is the ``Quantizer``'s: one step is clip/2^(bits−1). What differs is that the coordinates are those of a
/// random rotation of the round, and that rounding is randomised and conditional on the integer norm, so the
/// sensitivity is ``ConditionalRounding/squaredBound``, above the radius² of rounding to the nearest.
struct RotatedQuantizer: Sendable {
  let quantizer: Quantizer
  let rounding: ConditionalRounding
  let rotation: HadamardRotation

  /// The quantiser of one round.
  init(_ quantizer: Quantizer, _ rounding: ConditionalRounding, count: Int, seed: UInt64, round: Int) {
    self.quantizer = quantizer
    self.rounding = rounding
    // Signs of every round are drawn anew, so that they do not depend on a model that earlier signs shaped.
    var draws = SimulationGenerator(seed: seed, stream: "rotations").substream(round)
    rotation = HadamardRotation(count: count, seed: draws.next())
  }

  /// Quantises `update` into `grid`, which holds the padded dimension.
  ///
  /// - Parameter source: coins of the rounding; the bound holds for all of them.
  func quantize(
    _ update: [Float], isFinite: Bool, into grid: inout [Int32], using source: inout SimulationGenerator
  ) -> Quantizer.Outcome {
    var outcome = Quantizer.Outcome()
    guard isFinite else {
      for index in grid.indices { grid[index] = 0 }
      outcome.rejected = true
      return outcome
    }
    var squared = 0.0
    for value in update { squared += Double(value) * Double(value) }
    let norm = squared.squareRoot()
    var scale = Double(quantizer.radius) / quantizer.range
    if norm > quantizer.range {
      outcome.clipped = true
      scale *= quantizer.range / norm
    }
    let rounded = rounding.round(rotation.rotate(update.map { Double($0) * scale }), using: &source)
    let from = rounded.span
    var to = grid.mutableSpan
    // No magnitude is above the bound's root, at most 2^30 + 2^20.
    for index in from.indices { to[index] = Int32(from[index]) }
    return outcome
  }

  /// The update, in grid steps, whose rotation is the first part of a sum.
  func unrotate(_ sum: [Int64]) -> [Double] { rotation.unrotate(sum.prefix(rounding.dimension).map(Double.init)) }
}
