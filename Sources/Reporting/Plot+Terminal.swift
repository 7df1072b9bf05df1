extension Plot {
  /// The plot as text for a terminal, within its width.
  ///
  /// Series differ by their mark, and by colour where the terminal has it; bars lie down so that their names can be read.
  ///
  /// **Edge cases**: below 24 cells the drawing is as if there were 24. Without Unicode all marks are ASCII.
  ///
  /// - Parameters:
  ///   - width: The room in cells.
  ///   - height: The lines of the drawing without its title, legend and axis.
  ///   - style: Whether colours and characters outside ASCII may be used.
  public func terminal(width: Int = 80, height: Int = 16, style: TerminalStyle = .plain) -> String {
    let room = max(width, 24)
    var text = style.bold(TextWidth.cut(title, toCells: room)) + "\n"
    let lying = !series.isEmpty && series.allSatisfy(\.standsOnZero)
    text += legend(room, style)
    guard !lying else { return text + bars(room, style) }
    var canvas = TerminalCanvas(plot: self, width: room, height: max(height, 4), style: style)
    return text + canvas.draw()
  }

  private func legend(_ room: Int, _ style: TerminalStyle) -> String {
    let names =
      series.enumerated().map { (TerminalMarks.mark($0.offset, style), $0.element.name) }
      + rules.map { (style.unicode ? "╌" : "-", $0.name) }
    guard names.count > 1 else { return "" }
    var lines = ""
    var used = 0
    for (index, entry) in names.enumerated() {
      let name = TextWidth.cut(entry.1, toCells: room - 2)
      let cells = TextWidth.cells(name) + 2
      if used > 0, used + 3 + cells > room {
        lines += "\n"
        used = 0
      } else if used > 0 {
        lines += "   "
        used += 3
      }
      lines += TerminalMarks.coloured(entry.0, index < series.count ? index : nil, style) + " " + name
      used += cells
    }
    return lines + "\n"
  }

  /// Bars and histograms, one line a bar.
  private func bars(_ room: Int, _ style: TerminalStyle) -> String {
    struct Line {
      var name: String
      var series: Int
      var value: Double
    }
    var lines: [Line] = []
    let count = series.map(\.points.count).max() ?? 0
    for place in 0..<count {
      for (index, one) in series.enumerated() where place < one.points.count && one.points[place].y.isFinite {
        var name = ""
        if case .histogram(let edges) = one.form {
          name = "\(PlotTicks.label(edges[place])) to \(PlotTicks.label(edges[place + 1]))"
        } else if x.categories.indices.contains(place) {
          name = x.categories[place]
        }
        lines.append(Line(name: index == 0 ? name : "", series: index, value: one.points[place].y))
      }
    }
    let names = min(lines.map { TextWidth.cells($0.name) }.max() ?? 0, room / 3)
    let numbers = lines.map { PlotTicks.label($0.value) }
    let widest = numbers.map { TextWidth.cells($0) }.max() ?? 0
    let most = lines.map(\.value.magnitude).max() ?? 1
    let free = max(room - names - widest - 2, 4)
    var text = ""
    for (line, number) in zip(lines, numbers) {
      let name = TextWidth.cut(line.name, toCells: names)
      let eighths = most > 0 ? Int((line.value.magnitude / most * Double(free * 8)).rounded()) : 0
      let bar = TerminalMarks.bar(eighths, line.series, style)
      let gap = String(repeating: " ", count: widest - TextWidth.cells(number))
      text += name + String(repeating: " ", count: names - TextWidth.cells(name)) + " " + gap + number
      text += bar.isEmpty ? "\n" : " " + TerminalMarks.coloured(bar, line.series, style) + "\n"
    }
    return text.isEmpty ? "no data to show\n" : text + y.label + "\n"
  }
}

/// The characters and colours that tell series apart in a terminal.
enum TerminalMarks {
  private static let unicode = ["●", "■", "▲", "◆", "▼", "○", "□", "△"]
  private static let ascii = ["*", "#", "^", "o", "v", "+", "x", "%"]
  private static let colours = [34, 33, 32, 35, 31, 36, 37, 95]

  static func mark(_ index: Int, _ style: TerminalStyle) -> String {
    let marks = style.unicode ? unicode : ascii
    return marks[index % marks.count]
  }

  static func coloured(_ text: String, _ index: Int?, _ style: TerminalStyle) -> String {
    guard style.decorated, let index else { return text }
    return "\u{1B}[\(colours[index % colours.count])m\(text)\u{1B}[0m"
  }

  /// A bar of so many eighths of a cell.
  static func bar(_ eighths: Int, _ index: Int, _ style: TerminalStyle) -> String {
    guard style.unicode else {
      return String(repeating: ascii[index % ascii.count], count: (eighths + 4) / 8)
    }
    let rests = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + rests[eighths % 8]
  }
}

/// A grid of cells on which lines and points are drawn.
private struct TerminalCanvas {
  let plot: Plot
  let style: TerminalStyle
  let height: Int
  let xScale: PlotScale
  let yScale: PlotScale
  let xTicks: PlotTicks
  let yTicks: PlotTicks
  let margin: Int
  let across: Int
  private var cells: [[(text: String, series: Int?)]]

  init(plot: Plot, width: Int, height: Int, style: TerminalStyle) {
    self.plot = plot
    self.style = style
    self.height = height
    let yRange = Plot.shownRange(plot.y, values: plot.shownHeights, anchor: plot.series.contains(where: \.standsOnZero))
    yTicks =
      plot.y.ticks.map { PlotTicks.explicit($0, in: yRange) }
      ?? PlotTicks.automatic(yRange, scale: plot.y.scale, limit: max(height / 3, 2))
    margin = (yTicks.ticks.map { TextWidth.cells($0.label) }.max() ?? 0) + 2
    across = max(width - margin, 8)
    let count = Double(plot.x.categories.count)
    let xRange =
      plot.x.categories.isEmpty
      ? Plot.shownRange(plot.x, values: plot.shownWidths, anchor: false) : -0.5...(count - 0.5)
    xScale = PlotScale(scale: plot.x.scale, range: xRange, start: 0, end: Double(across - 1))
    yScale = PlotScale(scale: plot.y.scale, range: yRange, start: Double(height - 1), end: 0)
    if plot.x.categories.isEmpty {
      xTicks =
        plot.x.ticks.map { PlotTicks.explicit($0, in: xRange) }
        ?? PlotTicks.automatic(xRange, scale: plot.x.scale, limit: max(across / 10, 2))
    } else {
      xTicks = PlotTicks(
        ticks: plot.x.categories.enumerated().map { PlotTicks.Tick(value: Double($0.offset), label: $0.element) })
    }
    cells = Array(repeating: Array(repeating: (" ", nil), count: across), count: height)
  }

  private mutating func put(_ column: Double, _ row: Double, _ text: String, _ series: Int?, over: Bool) {
    guard column.magnitude < 1e6, row.magnitude < 1e6 else { return }
    let (x, y) = (Int(column.rounded()), Int(row.rounded()))
    guard (0..<across).contains(x), (0..<height).contains(y), over || cells[y][x].text == " " else { return }
    cells[y][x] = (text, series)
  }

  private func place(_ point: Plot.Point) -> (x: Double, y: Double)? {
    guard plot.x.canShow(point.x), plot.y.canShow(point.y) else { return nil }
    return (xScale.position(point.x), yScale.position(point.y))
  }

  private mutating func stroke(_ a: (x: Double, y: Double), _ b: (x: Double, y: Double), _ series: Int) {
    let steps = min(max((b.x - a.x).magnitude, (b.y - a.y).magnitude, 1), 4_000)
    let dot = style.unicode ? "·" : "."
    for step in 0...Int(steps.rounded(.up)) {
      let share = min(Double(step) / steps, 1)
      put(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share, dot, series, over: false)
    }
  }

  mutating func draw() -> String {
    for (index, series) in plot.series.enumerated() {
      let mark = TerminalMarks.mark(index, style)
      var last: (x: Double, y: Double)?
      for point in series.points {
        guard let now = place(point) else {
          last = nil
          continue
        }
        if let last, series.form == .step {
          stroke(last, (now.x, last.y), index)
          stroke((now.x, last.y), now, index)
        } else if let last, series.form != .scatter, !series.standsOnZero {
          stroke(last, now, index)
        }
        if let interval = point.interval, series.intervals == .bars {
          let (low, high) = (yScale.clamped(interval.lowerBound), yScale.clamped(interval.upperBound))
          for row in stride(from: high, through: low, by: 1) {
            put(now.x, row, style.unicode ? "│" : "|", index, over: false)
          }
        }
        last = now
      }
      for point in series.points {
        if let now = place(point) { put(now.x, now.y, mark, index, over: true) }
      }
    }
    for rule in plot.rules where plot.y.canShow(rule.value) {
      let row = yScale.position(rule.value)
      for column in 0..<across { put(Double(column), row, style.unicode ? "╌" : "-", nil, over: false) }
    }
    return rendered()
  }

  private func rendered() -> String {
    let labels = Dictionary(
      yTicks.ticks.map { (Int(yScale.position($0.value).rounded()), $0.label) }, uniquingKeysWith: { first, _ in first }
    )
    var text = plot.y.label.isEmpty ? "" : plot.y.label + "\n"
    for (row, line) in cells.enumerated() {
      let label = labels[row] ?? ""
      let side = label.isEmpty ? (style.unicode ? "│" : "|") : (style.unicode ? "┤" : "+")
      var shown = String(repeating: " ", count: margin - 1 - TextWidth.cells(label)) + label + side
      let end = line.lastIndex { $0.text != " " } ?? -1
      for cell in line.prefix(end + 1) { shown += TerminalMarks.coloured(cell.text, cell.series, style) }
      text += shown + "\n"
    }
    text += String(repeating: " ", count: margin - 1) + (style.unicode ? "└" : "+")
    text += String(repeating: style.unicode ? "─" : "-", count: across) + "\n"
    var axis = ""
    for tick in xTicks.ticks {
      let centre = margin + Int(xScale.position(tick.value).rounded())
      let size = TextWidth.cells(tick.label)
      let start = min(max(centre - size / 2, 0), margin + across - size)
      let used = TextWidth.cells(axis)
      guard start >= used + (used > 0 ? 2 : 0) else { continue }
      axis += String(repeating: " ", count: start - used) + tick.label
    }
    text += axis + "\n"
    let gap = max(margin + (across - TextWidth.cells(plot.x.label)) / 2, 0)
    return plot.x.label.isEmpty ? text : text + String(repeating: " ", count: gap) + plot.x.label + "\n"
  }
}

extension HeatMap {
  /// The heat map as text for a terminal: shades, with the numbers where they fit.
  ///
  /// - Parameters:
  ///   - width: The room in cells.
  ///   - style: Whether characters outside ASCII may be used.
  public func terminal(width: Int = 80, style: TerminalStyle = .plain) -> String {
    let shades = style.unicode ? [" ", "░", "▒", "▓", "█"] : [" ", ".", "+", "*", "#"]
    let across = max(values.first?.count ?? 0, 1)
    let names = min(rows.map { TextWidth.cells($0) }.max() ?? 0, width / 3)
    let number = decimals.map { decimals in
      values.joined().filter(\.isFinite).map { TextWidth.cells(label($0, decimals: decimals)) }.max() ?? 0
    }
    let room = max((width - names - 1) / across, 1)
    let showsNumbers = number.map { $0 + 3 <= room } ?? false
    let cell = min(room, showsNumbers ? max((number ?? 0) + 4, 8) : 2)
    func padded(_ text: String, _ size: Int) -> String {
      let cut = TextWidth.cut(text, toCells: size)
      return cut + String(repeating: " ", count: size - TextWidth.cells(cut))
    }
    func trimmed(_ text: String) -> String {
      var text = text
      while text.hasSuffix(" ") { text.removeLast() }
      return text + "\n"
    }
    var text = style.bold(TextWidth.cut(title, toCells: width)) + "\n"
    if showsNumbers, !columns.isEmpty {
      let heads = columns.map { padded(TextWidth.cut($0, toCells: cell - 1), cell) }.joined()
      text += trimmed(padded("", names + (names > 0 ? 1 : 0)) + heads)
    }
    for (row, line) in values.enumerated() {
      var shown = rows.isEmpty ? "" : padded(rows[row], names) + " "
      for value in line {
        let shade = value.isFinite ? shades[(step(value) * 4 + 5) / 10] : " "
        if showsNumbers, let decimals {
          let text = value.isFinite ? label(value, decimals: decimals) : ""
          shown += padded(shade + shade + " " + text, cell)
        } else {
          shown += String(repeating: shade, count: cell)
        }
      }
      text += trimmed(shown)
    }
    return text
  }
}
