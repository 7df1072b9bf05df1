import ExactMath

/// Covariance and the least-squares line from noisy sums around the middles of two ranges: post-processing.
///
/// With n rows and centred sums X, Y, P = Σxy, Q = Σx²: covariance = P/n − XY/n², slope = covariance/variance of x.
/// Intervals come from interval arithmetic over the noises' joint confidence box (a union bound), so they hold at
/// least as often as promised and are often wide.
struct PairFormula {
  /// A noisy sum with the distance that its noise exceeds too seldom to matter.
  struct Noisy {
    let value: Double
    let reach: Double
  }

  /// A value with its interval.
  private struct Span {
    var value: Double
    var low: Double
    var high: Double

    static func * (a: Span, b: Span) -> Span {
      let ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
      return Span(value: a.value * b.value, low: ends.min() ?? 0, high: ends.max() ?? 0).widened
    }

    static func - (a: Span, b: Span) -> Span {
      Span(value: a.value - b.value, low: a.low - b.high, high: a.high - b.low).widened
    }

    /// For a positive divisor; everything when it may be 0.
    static func / (a: Span, b: Span) -> Span {
      guard b.low > 0 else {
        return Span(value: b.value > 0 ? a.value / b.value : 0, low: -.infinity, high: .infinity)
      }
      let ends = [a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high]
      return Span(value: a.value / b.value, low: ends.min() ?? 0, high: ends.max() ?? 0).widened
    }

    var widened: Span { Span(value: value, low: low.nextDown, high: high.nextUp) }

    func scaled(by factor: Double) -> Span {
      Span(value: value * factor, low: low * factor, high: high * factor).widened
    }

    func clamped(_ least: Double, _ most: Double) -> Span {
      func clamp(_ value: Double) -> Double { min(max(value, least), most) }
      return Span(value: clamp(value), low: clamp(low), high: clamp(high))
    }

    var released: ReleasedValue { ReleasedValue(text: "\(value)", low: "\(low)", high: "\(high)") }
  }

  private let meanX: Span
  private let meanY: Span
  private let cross: Span
  private let square: Span?
  private let grid: ValueGrid
  private let otherGrid: ValueGrid

  /// - Parameter noisy: rows, centred sum of each column, products, and for a line the first column's squares.
  init(_ noisy: [Noisy], _ grid: ValueGrid, _ otherGrid: ValueGrid) {
    func span(_ index: Int) -> Span {
      Span(
        value: noisy[index].value, low: noisy[index].value - noisy[index].reach,
        high: noisy[index].value + noisy[index].reach)
    }
    var count = span(0)
    count = Span(value: max(1, count.value), low: count.low > 0 ? max(1, count.low) : 0, high: max(1, count.high))
    let (radius, otherRadius) = (Double(grid.radius), Double(otherGrid.radius))
    meanX = (span(1) / count).clamped(-radius, radius)
    meanY = (span(2) / count).clamped(-otherRadius, otherRadius)
    cross = (span(3) / count).clamped(-radius * otherRadius, radius * otherRadius)
    square = noisy.count > 4 ? (span(4) / count).clamped(0, radius * radius) : nil
    self.grid = grid
    self.otherGrid = otherGrid
  }

  private var steps: (Double, Double) { (grid.step.doubleValue, otherGrid.step.doubleValue) }

  private var rawCovariance: Span {
    let most = Double(grid.highest - grid.lowest) * Double(otherGrid.highest - otherGrid.lowest) / 4
    return (cross - meanX * meanY).clamped(-most, most)
  }

  /// The covariance.
  var covariance: ReleasedValue { rawCovariance.scaled(by: steps.0 * steps.1).released }

  private var rawSlope: Span {
    guard let square else { return Span(value: 0, low: -.infinity, high: .infinity) }
    return rawCovariance / (square - meanX * meanX)
  }

  /// The slope of the line.
  var slope: ReleasedValue { rawSlope.scaled(by: steps.1 / steps.0).released }

  /// Where the line crosses 0.
  var intercept: ReleasedValue {
    let slope = rawSlope.scaled(by: steps.1 / steps.0)
    let x = place(meanX, grid, steps.0)
    let y = place(meanY, otherGrid, steps.1)
    guard slope.low.isFinite, slope.high.isFinite else {
      return Span(value: y.value - slope.value * x.value, low: -.infinity, high: .infinity).released
    }
    return (y - slope * x).released
  }

  private func place(_ mean: Span, _ grid: ValueGrid, _ step: Double) -> Span {
    let middle = Double(grid.middle)
    return Span(value: mean.value + middle, low: mean.low + middle, high: mean.high + middle).widened.scaled(by: step)
  }
}
