/// Panels side by side, as many in a row as the width holds: the same question asked several times.
///
/// Plots of one set of facets share their axes unless told otherwise, and share one legend above all panels when they have
/// the same series.
public struct Facets: Sendable, Hashable {
  /// The heading above all panels.
  public var title: String

  /// What the panels show together, for readers who cannot see them.
  public var description: String

  /// The panels, in reading order.
  public var panels: [Figure]

  /// The least width of a panel in pixels.
  public var panelWidth: Int

  /// Whether plots without a range of their own share the range of all of them.
  public var sharesAxes: Bool

  /// Makes facets.
  public init(
    title: String, description: String, panels: [Figure], panelWidth: Int = 220, sharesAxes: Bool = true
  ) {
    self.title = title
    self.description = description
    self.panels = panels
    self.panelWidth = max(panelWidth, 60)
    self.sharesAxes = sharesAxes
  }

  /// Plots side by side.
  public init(
    title: String, description: String, plots: [Plot], panelWidth: Int = 220, sharesAxes: Bool = true
  ) {
    self.init(
      title: title, description: description, panels: plots.map { .plot($0) }, panelWidth: panelWidth,
      sharesAxes: sharesAxes)
  }

  /// The facets as a self-contained SVG document.
  public func svg(width: Int = 720) -> String { Figure.facets(self).svg(width: width) }

  private var plots: [Plot] {
    panels.compactMap { if case .plot(let plot) = $0 { plot } else { nil } }
  }

  /// The panels as they are drawn: with common axes, and without legends when one stands above all.
  private func prepared(sharingLegend: Bool) -> [Figure] {
    let plots = plots
    func common(_ axes: [Plot.Axis], _ values: [Double]) -> ClosedRange<Double>? {
      guard let first = axes.first, axes.allSatisfy({ $0.scale == first.scale && $0.range == nil }) else { return nil }
      return Plot.shownRange(
        first, values: values, anchor: plots.contains { $0.series.contains(where: \.standsOnZero) })
    }
    let numeric = plots.allSatisfy(\.x.categories.isEmpty)
    let x = sharesAxes && numeric ? common(plots.map(\.x), plots.flatMap(\.shownWidths)) : nil
    let y = sharesAxes ? common(plots.map(\.y), plots.flatMap(\.shownHeights)) : nil
    return panels.map { panel in
      guard case .plot(var plot) = panel else { return panel }
      plot.x.range = plot.x.range ?? x
      plot.y.range = plot.y.range ?? y
      if sharingLegend { plot.showsLegend = false }
      return .plot(plot)
    }
  }

  private var legendIsShared: Bool {
    guard let first = plots.first, plots.count == panels.count, plots.count > 1 else { return false }
    return plots.allSatisfy {
      $0.series.map(\.name) == first.series.map(\.name) && $0.rules.map(\.name) == first.rules.map(\.name)
    }
  }

  func drawing(width: Double, withStyle: Bool, at corner: (x: Double, y: Double)?) -> Figure.Drawn {
    let edge = PlotLayout.edge
    let titles = PlotLayout.wrapped(title, to: width - 2 * edge, fontSize: 15 * 1.08, limit: 3)
    var top = edge + Double(titles.count) * 20
    let shared = legendIsShared
    var heading: PlotDrawing?
    if shared, let first = plots.first {
      let (entries, end) = PlotLayout.placedLegend(first, width: width - 2 * edge, from: top)
      var layout = PlotLayout(first, width: max(width, 100))
      layout.legend = entries
      heading = PlotDrawing(plot: first, layout: layout)
      top = end + 4
    }
    let columns = min(max(Int(width) / panelWidth, 1), max(panels.count, 1))
    let each = (width / Double(columns)).rounded(.down)
    var inside = ""
    var row = top
    for start in stride(from: 0, to: panels.count, by: columns) {
      var tallest = 0.0
      for (column, panel) in prepared(sharingLegend: shared)[start..<min(start + columns, panels.count)].enumerated() {
        let drawn = panel.drawing(width: each, withStyle: false, at: (Double(column) * each, row))
        inside += drawn.markup
        tallest = max(tallest, drawn.height)
      }
      row += tallest
    }
    var canvas = SVGCanvas()
    canvas.open(width: width, height: row + 4, title: title, description: description, at: corner)
    if withStyle { canvas.raw("<style>\n\(PlotPalette.style)\(hasHeatMaps ? HeatMap.style : "")</style>\n") }
    canvas.rectangle(x: 0, y: 0, width: width, height: row + 4, class: "bg")
    for (index, line) in titles.enumerated() {
      canvas.text(line, x: edge, y: edge + 14 + Double(index) * 20, class: "tt")
    }
    if var heading {
      heading.drawLegend()
      canvas.raw(heading.canvas.markup)
    }
    canvas.raw(inside)
    canvas.raw("</svg>\n")
    return Figure.Drawn(markup: canvas.markup, height: row + 4)
  }

  private var hasHeatMaps: Bool {
    panels.contains { panel in
      switch panel {
      case .plot: false
      case .heatMap: true
      case .facets(let inner): inner.hasHeatMaps
      }
    }
  }

  func terminal(width: Int, style: TerminalStyle) -> String {
    style.bold(TextWidth.cut(title, toCells: width)) + "\n\n"
      + prepared(sharingLegend: false).map { $0.terminal(width: width, style: style) }.joined(separator: "\n")
  }
}
