/// Histograms of edge directions over small cells of an image (after Dalal and Triggs 2005), from integers only.
///
/// A pixel's gradient is the central difference of its neighbours, zero outside the image. It falls in one of eight
/// sectors of 45°, centred on the axes and diagonals, and adds its length to that sector's bin of the pixel's 2×2 cell.
/// A feature is the square root of a bin's mean over the cell, less 3/32, which is near the mean of all features of
/// handwritten digits scaled to 0…1.
///
/// Sectors are decided by comparing integers and square roots are correctly rounded, so the features are the same on
/// every machine.
enum OrientationHistogram {
  /// Appends the features of one square image of `side` pixels (even) with values 0 to 16: `2·side²` numbers.
  static func append(_ pixels: [Int32], side: Int, to features: inout [Float]) {
    let cells = side / 2
    var bins = [Float](repeating: 0, count: 8 * cells * cells)
    func pixel(_ row: Int, _ column: Int) -> Int32 {
      row < 0 || column < 0 || row >= side || column >= side ? 0 : pixels[row * side + column]
    }
    for row in 0..<side {
      for column in 0..<side {
        let x = pixel(row, column + 1) - pixel(row, column - 1)
        let y = pixel(row + 1, column) - pixel(row - 1, column)
        if x == 0, y == 0 { continue }
        let length = Float(x * x + y * y).squareRoot()
        bins[sector(x, y) * cells * cells + (row / 2) * cells + column / 2] += length
      }
    }
    // Half of a difference of sixteenths, averaged over four pixels.
    for bin in bins { features.append((bin / 128).squareRoot() - 3 / 32) }
  }

  /// The sector of a non-zero gradient, counted from the positive x axis towards the positive y axis.
  ///
  /// The borders lie at odd multiples of 22.5°, whose tangent √2 − 1 is irrational, so no integer gradient falls on one:
  /// |y| < (√2 − 1)|x| exactly when (|x| + |y|)² < 2x².
  static func sector(_ x: Int32, _ y: Int32) -> Int {
    let a = abs(x)
    let b = abs(y)
    let sum = (a + b) * (a + b)
    if sum < 2 * a * a { return x > 0 ? 0 : 4 }
    if sum < 2 * b * b { return y > 0 ? 2 : 6 }
    return x > 0 ? (y > 0 ? 1 : 7) : (y > 0 ? 3 : 5)
  }
}
