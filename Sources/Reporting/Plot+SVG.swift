extension Plot {
  /// The plot as a self-contained SVG document.
  ///
  /// Light or dark follows the reader's `prefers-color-scheme`. The height follows from the width and the content.
  ///
  /// **Edge cases**: a plot without any point that can be shown draws its axes and says so.
  ///
  /// - Parameter width: The width in pixels, at least 240; 720 reads well on a desktop and 340 on a phone.
  public func svg(width: Int = 720) -> String {
    Figure.plot(self).svg(width: width)
  }
}

/// One drawing in progress: axes and legend.
///
/// The data is drawn in `PlotDrawing+Data.swift`.
struct PlotDrawing {
  let plot: Plot
  let layout: PlotLayout
  var canvas = SVGCanvas()

  init(plot: Plot, layout: PlotLayout) {
    self.plot = plot
    self.layout = layout
  }

  mutating func document(withStyle: Bool, at corner: (x: Double, y: Double)? = nil) -> String {
    canvas.open(
      width: layout.width, height: layout.height, title: plot.title, description: plot.description, at: corner)
    if withStyle { canvas.raw("<style>\n\(PlotPalette.style)</style>\n") }
    canvas.rectangle(x: 0, y: 0, width: layout.width, height: layout.height, class: "bg")
    for (index, line) in layout.titleLines.enumerated() {
      canvas.text(line, x: PlotLayout.edge, y: PlotLayout.edge + 14 + Double(index) * 20, class: "tt")
    }
    drawLegend()
    drawGrid()
    drawData()
    drawAxes()
    drawMarkers()
    canvas.raw("</svg>\n")
    return canvas.markup
  }

  mutating func drawLegend() {
    for entry in layout.legend {
      let middle = entry.y - 4
      let end = entry.x + PlotLayout.swatch
      switch entry.subject {
      case .rule:
        canvas.line(entry.x, middle, end, middle, class: "ru")
      case .series(let index):
        let slot = PlotPalette.slot(index)
        switch plot.series[index].form {
        case .line(let markers):
          canvas.path(
            [(entry.x, middle), (end, middle)], class: "ln s\(slot)", dash: PlotPalette.dashes[slot])
          if markers { canvas.marker(slot, x: (entry.x + end) / 2, y: middle) }
        case .step:
          canvas.path(
            [(entry.x, middle), (end, middle)], class: "ln s\(slot)", dash: PlotPalette.dashes[slot])
        case .scatter:
          canvas.marker(slot, x: (entry.x + end) / 2, y: middle)
        case .bars, .histogram:
          canvas.rectangle(x: end - 18, y: middle - 6, width: 14, height: 12, class: "f\(slot)")
        }
      }
      canvas.text(entry.name, x: end + 6, y: entry.y)
    }
  }

  private mutating func drawGrid() {
    for tick in layout.yTicks.ticks {
      let y = layout.yScale.position(tick.value)
      canvas.line(layout.left, y, layout.right, y, class: "gr")
      canvas.text(tick.label, x: layout.left - 8, y: y + 4.5, anchor: "end")
    }
    guard plot.x.categories.isEmpty else { return }
    for tick in layout.xTicks.ticks {
      let x = layout.xScale.position(tick.value)
      canvas.line(x, layout.top, x, layout.bottom, class: "gr")
    }
  }

  private mutating func drawAxes() {
    let base = layout.bottom
    let crossesZero =
      layout.yScale.scale == .linear && layout.yScale.range.lowerBound < 0 && layout.yScale.range.upperBound > 0
    canvas.line(layout.left, base, layout.right, base, class: crossesZero ? "gr" : "ax")
    if crossesZero {
      let zero = layout.yScale.position(0)
      canvas.line(layout.left, zero, layout.right, zero, class: "ax")
    }
    for tick in layout.xTicks.ticks {
      let x = layout.xScale.position(tick.value)
      canvas.line(x, base, x, base + 5, class: "ax")
      let half = TextWidth.pixels(tick.label, fontSize: PlotLayout.fontSize) / 2
      let isCut = x + half > layout.width - 2
      canvas.text(tick.label, x: isCut ? layout.width - 2 : x, y: base + 19, anchor: isCut ? "end" : "middle")
    }
    drawCategories()
    canvas.text(plot.y.label, x: PlotLayout.edge, y: layout.labelBaseline)
    canvas.text(
      plot.x.label, x: (layout.left + layout.right) / 2, y: layout.height - 10, anchor: "middle")
    if !hasVisibleData {
      canvas.text(
        "no data to show", x: (layout.left + layout.right) / 2, y: (layout.top + layout.bottom) / 2, anchor: "middle")
    }
  }

  private mutating func drawCategories() {
    switch layout.categories {
    case nil: break
    case .lines(let labels):
      for (index, lines) in labels.enumerated() {
        for (row, line) in lines.enumerated() {
          canvas.text(
            line, x: layout.xScale.position(Double(index)),
            y: layout.bottom + 17 + Double(row) * PlotLayout.lineHeight, anchor: "middle")
        }
      }
    case .turned(let names, let degrees):
      for (index, name) in names.enumerated() where !name.isEmpty {
        canvas.text(
          name, x: layout.xScale.position(Double(index)) + 4, y: layout.bottom + (degrees == 90 ? 8 : 14),
          anchor: "end",
          turn: -degrees)
      }
    }
  }

  private var hasVisibleData: Bool {
    plot.series.contains { series in
      series.points.contains { plot.x.canShow($0.x) && plot.y.canShow($0.y) }
    }
  }
}
