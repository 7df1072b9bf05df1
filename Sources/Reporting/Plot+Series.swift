extension Plot {
  /// One measured or computed point, with an optional interval in the vertical direction.
  public struct Point: Sendable, Hashable {
    /// The horizontal coordinate.
    public var x: Double

    /// The vertical coordinate.
    public var y: Double

    /// The interval around `y`, such as a 95 % confidence interval.
    public var interval: ClosedRange<Double>?

    /// Makes a point.
    ///
    /// **Edge cases**: a coordinate that is not finite, or not positive on a logarithmic axis, is left out of the
    /// drawing and breaks a line there; interval ends beyond the shown range are cut at its edge.
    public init(_ x: Double, _ y: Double, interval: ClosedRange<Double>? = nil) {
      self.x = x
      self.y = y
      self.interval = interval
    }
  }

  /// One set of data with one name, one colour and one form.
  public struct Series: Sendable, Hashable {
    /// How the intervals of a series are drawn.
    public enum Intervals: Sendable, Hashable {
      /// A pale band between the lower and upper ends.
      case band
      /// A bar with caps at every point.
      case bars
    }

    /// How the data of a series is drawn.
    enum Form: Sendable, Hashable {
      case line(markers: Bool)
      case step
      case scatter
      case bars
      case histogram(edges: [Double])
    }

    /// The name in the legend; a plot with a single series has no legend.
    public var name: String

    /// The data.
    public var points: [Point]

    /// How intervals are drawn.
    public var intervals: Intervals

    let form: Form

    private init(_ name: String, _ points: [Point], _ form: Form, _ intervals: Intervals) {
      self.name = name
      self.points = points
      self.form = form
      self.intervals = intervals
    }

    /// Points joined by straight lines.
    ///
    /// - Parameters:
    ///   - name: The name in the legend.
    ///   - points: The points, in drawing order.
    ///   - intervals: How intervals are drawn.
    ///   - markers: Whether each point also gets a marker.
    public static func line(
      _ name: String, _ points: [Point], intervals: Intervals = .band, markers: Bool = true
    ) -> Series {
      Series(name, points, .line(markers: markers), intervals)
    }

    /// A value that stays until the next point: distribution functions, budgets over time.
    public static func step(_ name: String, _ points: [Point], intervals: Intervals = .band) -> Series {
      Series(name, points, .step, intervals)
    }

    /// Points that are not joined.
    public static func scatter(_ name: String, _ points: [Point], intervals: Intervals = .bars) -> Series {
      Series(name, points, .scatter, intervals)
    }

    /// One bar for each category of the horizontal axis, in its order.
    ///
    /// - Parameters:
    ///   - name: The name in the legend.
    ///   - values: One value a category; NaN leaves a gap.
    ///   - errors: The interval around each value, when known; shorter lists leave the rest without.
    public static func bars(
      _ name: String, _ values: [Double], intervals errors: [ClosedRange<Double>?] = []
    ) -> Series {
      let points = values.enumerated().map { index, value in
        Point(Double(index), value, interval: index < errors.count ? errors[index] : nil)
      }
      return Series(name, points, .bars, .bars)
    }

    /// Bars over intervals of numbers.
    ///
    /// - Parameters:
    ///   - name: The name in the legend.
    ///   - edges: Ascending bin edges, one more than `counts`.
    ///   - counts: The height of each bin.
    ///   - errors: The interval around each height, when known.
    /// - Precondition: `edges` has one more element than `counts`.
    public static func histogram(
      _ name: String, edges: [Double], counts: [Double], intervals errors: [ClosedRange<Double>?] = []
    ) -> Series {
      precondition(edges.count == counts.count + 1, "a histogram has one more edge than counts")
      let points = counts.enumerated().map { index, count in
        Point(
          (edges[index] + edges[index + 1]) / 2, count, interval: index < errors.count ? errors[index] : nil)
      }
      return Series(name, points, .histogram(edges: edges), .bars)
    }

    /// Whether heights are measured from zero.
    var standsOnZero: Bool {
      switch form {
      case .bars, .histogram: true
      case .line, .step, .scatter: false
      }
    }
  }
}
