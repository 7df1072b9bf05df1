extension Plot {
  /// One axis of a plot: its label, its scale, and what part of it is shown.
  public struct Axis: Sendable, Hashable {
    /// How values are laid out along an axis.
    public enum Scale: Sendable, Hashable {
      /// Equal differences take equal room.
      case linear
      /// Equal ratios take equal room; only positive values can be shown.
      case logarithmic
    }

    /// The label, with its unit.
    public var label: String

    /// How values are laid out.
    public var scale: Scale

    /// The part shown; `nil` takes it from the data.
    ///
    /// **Edge cases**: ends that are not finite, or not positive on a logarithmic axis, or equal, count as `nil`.
    public var range: ClosedRange<Double>?

    /// Where ticks stand; `nil` chooses round values.
    public var ticks: [Double]?

    /// The names of the groups of a bar chart; empty for an axis of numbers.
    public var categories: [String]

    /// Makes an axis of numbers.
    public init(
      _ label: String, scale: Scale = .linear, range: ClosedRange<Double>? = nil, ticks: [Double]? = nil
    ) {
      self.label = label
      self.scale = scale
      self.range = range
      self.ticks = ticks
      self.categories = []
    }

    /// Makes an axis of named groups; position *i* is the *i*-th name, counted from zero.
    public init(_ label: String, categories: [String]) {
      self.label = label
      self.scale = .linear
      self.range = nil
      self.ticks = nil
      self.categories = categories
    }

    /// The range, when it can be drawn.
    var usableRange: ClosedRange<Double>? {
      guard let range, range.lowerBound.isFinite, range.upperBound.isFinite, range.lowerBound < range.upperBound,
        scale == .linear || range.lowerBound > 0
      else { return nil }
      return range
    }

    /// Whether a value has a place on this axis.
    func canShow(_ value: Double) -> Bool {
      value.isFinite && (scale == .linear || value > 0)
    }
  }
}
