private import Glibc

/// A complex discrete Fourier transform of a power-of-two length, with a proven bound on its rounding error.
///
/// Radix-2 decimation in time with twiddle factors taken directly from the C library. By Higham (2002, theorem 24.2)
/// the computed result differs from the exact transform of the given input by at most
/// `relativeError · ‖exact result‖₂` in the 2-norm.
package struct FourierTransform: Sendable {
  /// The number of points, a power of two.
  package let count: Int
  private let levels: Int
  private let cosines: [Double]
  private let sines: [Double]

  /// Prepares a transform of `count` points.
  package init(count: Int) {
    precondition(count > 1 && count & (count - 1) == 0, "the length of a transform is a power of two above 1")
    self.count = count
    levels = count.trailingZeroBitCount
    let step = -2 * Double.pi / Double(count)
    // One contiguous table a level: the level that joins halves of `half` points starts at half − 1.
    var (cosines, sines) = ([Double](repeating: 1, count: count - 1), [Double](repeating: 0, count: count - 1))
    var half = count / 2
    for i in 0..<half {
      cosines[half - 1 + i] = Glibc.cos(step * Double(i))
      sines[half - 1 + i] = Glibc.sin(step * Double(i))
    }
    while half > 1 {
      half /= 2
      for i in 0..<half {
        cosines[half - 1 + i] = cosines[2 * half - 1 + 2 * i]
        sines[half - 1 + i] = sines[2 * half - 1 + 2 * i]
      }
    }
    (self.cosines, self.sines) = (cosines, sines)
  }

  /// log₂N·η with η = μ + γ₄(√2 + μ): the twiddle error μ is at most 6 units of rounding (argument and function),
  /// so η ≤ 1.3e-15; the value used is larger.
  package var relativeError: Double { Double(levels) * 2e-15 }

  /// Transforms in place with e^(−2πijk/N).
  package func forward(_ real: inout [Double], _ imaginary: inout [Double]) {
    precondition(real.count == count && imaginary.count == count, "a transform needs its own length")
    permute(&real)
    permute(&imaginary)
    unsafe real.withUnsafeMutableBufferPointer { re in
      unsafe imaginary.withUnsafeMutableBufferPointer { im in
        unsafe cosines.withUnsafeBufferPointer { cosines in
          unsafe sines.withUnsafeBufferPointer { sines in
            var half = 1
            while half < count {
              let base = half - 1
              var start = 0
              while start < count {
                for k in 0..<half {
                  let (c, s) = unsafe (cosines[base &+ k], sines[base &+ k])
                  let i = start &+ k
                  let j = i &+ half
                  let x = unsafe re[j] * c - im[j] * s
                  let y = unsafe re[j] * s + im[j] * c
                  unsafe re[j] = re[i] - x
                  unsafe im[j] = im[i] - y
                  unsafe re[i] += x
                  unsafe im[i] += y
                }
                start += 2 * half
              }
              half *= 2
            }
          }
        }
      }
    }
  }

  private func permute(_ values: inout [Double]) {
    var j = 0
    for i in 1..<count {
      var bit = count >> 1
      while j & bit != 0 {
        j ^= bit
        bit >>= 1
      }
      j |= bit
      if i < j { values.swapAt(i, j) }
    }
  }
}
