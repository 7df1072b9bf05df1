/// A chart: axes, series and reference rules, drawn as deterministic SVG or as text for a terminal.
///
/// The same plot always gives the same bytes: coordinates have fixed decimals, nothing is random, and no element
/// carries an id. The legend stands above the drawing and never covers data.
public struct Plot: Sendable, Hashable {
  /// The heading, shown above the drawing and given to screen readers.
  public var title: String

  /// What the plot shows, in a sentence or two, for readers who cannot see it.
  public var description: String

  /// The horizontal axis.
  public var x: Axis

  /// The vertical axis.
  public var y: Axis

  /// The data, drawn in order; the order also chooses colour, dash and marker.
  public var series: [Series]

  /// Horizontal reference lines, such as the accuracy without privacy.
  public var rules: [Rule]

  /// Whether a legend is drawn when there is something to tell apart; facets draw one for all.
  var showsLegend = true

  /// Makes an empty plot.
  ///
  /// - Parameters:
  ///   - title: The heading.
  ///   - description: A sentence or two for readers who cannot see the drawing.
  ///   - x: The horizontal axis.
  ///   - y: The vertical axis.
  ///   - series: The data.
  ///   - rules: Horizontal reference lines.
  public init(
    title: String, description: String, x: Axis, y: Axis, series: [Series] = [], rules: [Rule] = []
  ) {
    self.title = title
    self.description = description
    self.x = x
    self.y = y
    self.series = series
    self.rules = rules
  }

  /// Adds a series.
  public mutating func add(_ series: Series) {
    self.series.append(series)
  }

  /// Adds a horizontal reference line.
  public mutating func add(_ rule: Rule) {
    rules.append(rule)
  }
}

extension Plot {
  /// A horizontal reference line over the whole width, with an optional interval around it.
  public struct Rule: Sendable, Hashable {
    /// The name in the legend.
    public var name: String

    /// The value the line stands at.
    public var value: Double

    /// The ends of the interval drawn as a pale band around the line.
    public var interval: ClosedRange<Double>?

    /// Makes a rule.
    public init(_ name: String, at value: Double, interval: ClosedRange<Double>? = nil) {
      self.name = name
      self.value = value
      self.interval = interval
    }
  }
}
