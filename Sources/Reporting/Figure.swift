/// Anything that is drawn: a plot, a heat map, or several of them side by side.
public enum Figure: Sendable, Hashable {
  /// Axes with series.
  case plot(Plot)
  /// A grid of coloured cells.
  case heatMap(HeatMap)
  /// Panels side by side.
  indirect case facets(Facets)

  /// The heading.
  public var title: String {
    switch self {
    case .plot(let plot): plot.title
    case .heatMap(let map): map.title
    case .facets(let facets): facets.title
    }
  }

  /// What it shows, for readers who cannot see it.
  public var description: String {
    switch self {
    case .plot(let plot): plot.description
    case .heatMap(let map): map.description
    case .facets(let facets): facets.description
    }
  }

  /// A self-contained SVG document; the same figure always gives the same bytes.
  ///
  /// - Parameter width: The width in pixels; 720 reads well on a desktop and 340 on a phone.
  public func svg(width: Int = 720) -> String {
    drawing(width: Double(width), withStyle: true).markup
  }

  /// The figure for a terminal, within its width.
  ///
  /// - Parameters:
  ///   - width: The room in cells.
  ///   - style: Whether colours and characters outside ASCII may be used.
  public func terminal(width: Int = 80, style: TerminalStyle = .plain) -> String {
    switch self {
    case .plot(let plot): plot.terminal(width: width, style: style)
    case .heatMap(let map): map.terminal(width: width, style: style)
    case .facets(let facets): facets.terminal(width: width, style: style)
    }
  }

  /// The drawing, alone or with its corner at a place inside another one.
  func drawing(width: Double, withStyle: Bool, at corner: (x: Double, y: Double)? = nil) -> Drawn {
    switch self {
    case .plot(let plot):
      let layout = PlotLayout(plot, width: corner == nil ? max(width, 240) : width)
      var drawing = PlotDrawing(plot: plot, layout: layout)
      return Drawn(markup: drawing.document(withStyle: withStyle, at: corner), height: layout.height)
    case .heatMap(let map): return map.drawing(width: width, withStyle: withStyle, at: corner)
    case .facets(let facets): return facets.drawing(width: width, withStyle: withStyle, at: corner)
    }
  }

  /// Markup and the height it takes.
  struct Drawn {
    var markup: String
    var height: Double
  }
}

extension SVGCanvas {
  /// The opening of a drawing, alone or inside another one, with its title and description.
  mutating func open(
    width: Double, height: Double, title: String, description: String, at corner: (x: Double, y: Double)?
  ) {
    let n = Self.number
    let place = corner.map { "x=\"\(n($0.x))\" y=\"\(n($0.y))\" " } ?? ""
    raw(
      "<svg class=\"tp\" xmlns=\"http://www.w3.org/2000/svg\" \(place)viewBox=\"0 0 \(n(width)) \(n(height))\" "
        + "width=\"\(n(width))\" height=\"\(n(height))\" role=\"img\">\n")
    raw("<title>\(Markup.escaped(title))</title>\n<desc>\(Markup.escaped(description))</desc>\n")
  }
}
