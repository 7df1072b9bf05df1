private import Glibc

/// Sums Σ w·e^(itℓ) at t = 0, Δ, 2Δ, … by turning every term, with a fresh sine and cosine every 32 turns.
struct PhaseWheel {
  private static let turns = 32

  private let angles: [Double]
  private let sizes: [Double]

  init(angles: [Double], sizes: [Double]) {
    let padding = [Double](repeating: 0, count: (4 - angles.count % 4) % 4)
    self.angles = angles + padding
    self.sizes = sizes + padding
  }

  mutating func sums(step: Double, count: Int) -> (real: [Double], imaginary: [Double]) {
    let lanes = angles.count / 4
    var turnReal = [SIMD4<Double>](repeating: .zero, count: lanes)
    var turnImaginary = turnReal
    for index in angles.indices {
      turnReal[index / 4][index % 4] = Glibc.cos(angles[index] * step)
      turnImaginary[index / 4][index % 4] = Glibc.sin(angles[index] * step)
    }
    var (real, imaginary) = (turnReal, turnImaginary)
    var result = (real: [Double](repeating: 0, count: count), imaginary: [Double](repeating: 0, count: count))
    for start in stride(from: 0, to: count, by: PhaseWheel.turns) {
      for index in angles.indices {
        let angle = angles[index] * (Double(start) * step)
        real[index / 4][index % 4] = Glibc.cos(angle) * sizes[index]
        imaginary[index / 4][index % 4] = Glibc.sin(angle) * sizes[index]
      }
      unsafe real.withUnsafeMutableBufferPointer { re in
        unsafe imaginary.withUnsafeMutableBufferPointer { im in
          unsafe turnReal.withUnsafeBufferPointer { cosines in
            unsafe turnImaginary.withUnsafeBufferPointer { sines in
              for k in start..<min(start + PhaseWheel.turns, count) {
                var (sumReal, sumImaginary) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
                for lane in 0..<lanes {
                  let (x, y) = unsafe (re[lane], im[lane])
                  let (c, s) = unsafe (cosines[lane], sines[lane])
                  sumReal += x
                  sumImaginary += y
                  unsafe re[lane] = x * c - y * s
                  unsafe im[lane] = x * s + y * c
                }
                result.real[k] = sumReal.sum()
                result.imaginary[k] = sumImaginary.sum()
              }
            }
          }
        }
      }
    }
    return result
  }
}
