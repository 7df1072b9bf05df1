/// Where everything of a plot stands, in pixels, for one width.
struct PlotLayout {
  /// One entry of the legend, with its place.
  struct LegendEntry {
    enum Subject {
      case series(Int)
      case rule
    }

    var subject: Subject
    var name: String
    var x: Double
    var y: Double
  }

  /// How the names of categories are written under the axis.
  enum CategoryLabels {
    case lines([[String]])
    case turned([String], degrees: Double)
  }

  static let fontSize = 13.0
  static let lineHeight = 17.0
  static let edge = 12.0
  static let swatch = 26.0

  let width: Double
  let height: Double
  let titleLines: [String]
  var legend: [LegendEntry]
  let labelBaseline: Double
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let xScale: PlotScale
  let yScale: PlotScale
  let xTicks: PlotTicks
  let yTicks: PlotTicks
  let categories: CategoryLabels?

  init(_ plot: Plot, width: Double) {
    self.width = width
    let inner = width - 2 * Self.edge
    titleLines = Self.wrapped(plot.title, to: inner, fontSize: 15 * 1.08, limit: 3)
    var cursor = Self.edge + Double(titleLines.count) * 20

    legend = []
    if plot.showsLegend { (legend, cursor) = Self.placedLegend(plot, width: inner, from: cursor) }
    labelBaseline = cursor + 16
    top = labelBaseline + 14

    let yRange = Plot.shownRange(
      plot.y, values: plot.shownHeights, anchor: plot.series.contains(where: \.standsOnZero))
    let plotHeight = min(max(width * 0.46, 190), 340)
    yTicks =
      plot.y.ticks.map { PlotTicks.explicit($0, in: yRange) }
      ?? PlotTicks.automatic(yRange, scale: plot.y.scale, limit: Int(plotHeight / 30))
    let widest = yTicks.ticks.map { TextWidth.pixels($0.label, fontSize: Self.fontSize) }.max() ?? 0
    var start = Self.edge + widest + 8
    let end = width - Self.edge - 6

    var below = 22.0
    if plot.x.categories.isEmpty {
      categories = nil
    } else {
      let slot = (end - start) / Double(plot.x.categories.count)
      let labels = Self.categoryLabels(plot.x.categories, slot: slot)
      categories = labels
      switch labels {
      case .lines(let lines):
        below = 8 + Double(lines.map(\.count).max() ?? 1) * Self.lineHeight
      case .turned(let names, let degrees):
        let longest = names.map { TextWidth.pixels($0, fontSize: Self.fontSize) }.max() ?? 0
        // Sine and cosine of the two angles in use, 40° and 90°.
        let (rise, run) = degrees == 90 ? (1.0, 0.0) : (0.643, 0.766)
        below = 16 + longest * rise
        start = max(start, Self.edge + longest * run - slot / 2)
      }
    }
    left = start
    right = end
    bottom = top + plotHeight
    height = bottom + below + (plot.x.label.isEmpty ? 6 : 20) + 6

    let xRange: ClosedRange<Double>
    if plot.x.categories.isEmpty {
      xRange = Plot.shownRange(plot.x, values: plot.shownWidths, anchor: false)
      xTicks =
        plot.x.ticks.map { PlotTicks.explicit($0, in: xRange) }
        ?? Self.fittingTicks(xRange, scale: plot.x.scale, room: end - start)
    } else {
      xRange = -0.5...(Double(plot.x.categories.count) - 0.5)
      xTicks = PlotTicks(ticks: [])
    }
    xScale = PlotScale(scale: plot.x.scale, range: xRange, start: start, end: end)
    yScale = PlotScale(scale: plot.y.scale, range: yRange, start: bottom, end: top)
  }

  /// As many ticks as fit beside each other without touching.
  private static func fittingTicks(
    _ range: ClosedRange<Double>, scale: Plot.Axis.Scale, room: Double
  ) -> PlotTicks {
    for limit in stride(from: 12, to: 2, by: -1) {
      let found = PlotTicks.automatic(range, scale: scale, limit: limit)
      let map = PlotScale(scale: scale, range: range, start: 0, end: room)
      var free = -Double.infinity
      var fits = true
      for tick in found.ticks {
        let half = TextWidth.pixels(tick.label, fontSize: fontSize) / 2
        let centre = map.position(tick.value)
        if centre - half < free + 10 { fits = false }
        free = centre + half
      }
      if fits { return found }
    }
    return PlotTicks.automatic(range, scale: scale, limit: 2)
  }

  /// The legend above the drawing, wrapped to the width; empty when a single series needs none.
  static func placedLegend(
    _ plot: Plot, width: Double, from start: Double
  ) -> (entries: [LegendEntry], end: Double) {
    guard plot.series.count + plot.rules.count > 1 else { return ([], start) }
    let wanted =
      plot.series.enumerated().map { (LegendEntry.Subject.series($0.offset), $0.element.name) }
      + plot.rules.map { (LegendEntry.Subject.rule, $0.name) }
    var entries: [LegendEntry] = []
    var x = edge
    var y = start + 16
    for (subject, name) in wanted {
      let shown = fitted(name, to: width - swatch - 8)
      let room = swatch + 8 + TextWidth.pixels(shown, fontSize: fontSize) + 14
      if x > edge, x + room > edge + width + 14 {
        x = edge
        y += lineHeight + 3
      }
      entries.append(LegendEntry(subject: subject, name: shown, x: x, y: y))
      x += room
    }
    return (entries, y + 6)
  }

  private static func categoryLabels(_ names: [String], slot: Double) -> CategoryLabels {
    let lines = names.map { wrapped($0, to: slot - 6, fontSize: fontSize, limit: 4) }
    let fits = lines.allSatisfy { label in
      label.count <= 3
        && label.allSatisfy { TextWidth.pixels($0, fontSize: fontSize) <= slot - 4 && !$0.hasSuffix("…") }
    }
    guard !fits else { return .lines(lines) }
    // Upright names need a line's height each; when there is not even that, some stay away.
    let every = slot >= 14 ? 1 : Int((14 / max(slot, 0.1)).rounded(.up))
    let shown = names.enumerated().map { $0.offset.isMultiple(of: every) ? TextWidth.cut($0.element, toCells: 24) : "" }
    return .turned(shown, degrees: slot >= 21 ? 40 : 90)
  }

  /// Text broken at spaces into lines of at most `room` pixels; the last line is cut when there are too many.
  static func wrapped(_ text: String, to room: Double, fontSize: Double, limit: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if line.isEmpty || TextWidth.pixels(longer, fontSize: fontSize) <= room {
        line = longer
      } else {
        lines.append(line)
        line = String(word)
      }
    }
    if !line.isEmpty { lines.append(line) }
    if lines.count > limit {
      lines = Array(lines.prefix(limit))
      lines[limit - 1] += "…"
    }
    return lines
  }

  private static func fitted(_ text: String, to room: Double) -> String {
    var kept = text
    while kept.count > 2, TextWidth.pixels(kept, fontSize: fontSize) > room {
      kept = String(kept.dropLast(2)) + "…"
    }
    return kept
  }
}

extension Plot {
  /// The axis position, from the series and their bin edges, of everything that should be visible.
  var shownWidths: [Double] {
    series.flatMap { series -> [Double] in
      if case .histogram(let edges) = series.form { return edges }
      return series.points.map(\.x)
    }
  }

  /// The heights of everything that should be visible: values, interval ends and rules.
  var shownHeights: [Double] {
    func ends(_ value: Double, _ interval: ClosedRange<Double>?) -> [Double] {
      [value] + (interval.map { [$0.lowerBound, $0.upperBound] } ?? [])
    }
    return series.flatMap { $0.points.flatMap { ends($0.y, $0.interval) } }
      + rules.flatMap { ends($0.value, $0.interval) }
  }
}
