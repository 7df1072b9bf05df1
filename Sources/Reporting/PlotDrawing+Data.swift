extension PlotDrawing {
  /// Bands, bars, lines and error bars, cut at the edge of the drawing by a nested viewport, which needs no id.
  mutating func drawData() {
    let n = SVGCanvas.number
    let box =
      "\(n(layout.left)) \(n(layout.top)) \(n(layout.right - layout.left)) \(n(layout.bottom - layout.top))"
    let sides = box.split(separator: " ")
    canvas.raw(
      "<svg x=\"\(sides[0])\" y=\"\(sides[1])\" width=\"\(sides[2])\" height=\"\(sides[3])\" viewBox=\"\(box)\">\n")
    drawRules()
    for index in plot.series.indices where plot.series[index].standsOnZero { drawColumns(index) }
    for index in plot.series.indices where !plot.series[index].standsOnZero { drawBand(index) }
    for index in plot.series.indices where !plot.series[index].standsOnZero { drawLine(index) }
    for index in plot.series.indices { drawErrorBars(index) }
    canvas.raw("</svg>\n")
  }

  /// Markers, outside the nested viewport so that those on its edge stay whole.
  mutating func drawMarkers() {
    for (index, series) in plot.series.enumerated() {
      switch series.form {
      case .line(markers: true), .scatter: break
      default: continue
      }
      let slot = PlotPalette.slot(index)
      let tips = series.points.count <= 80
      for point in series.points {
        guard let place = place(point), layout.xScale.range.contains(point.x), layout.yScale.range.contains(point.y)
        else { continue }
        let size = series.points.count > 60 ? 2.6 : 4
        canvas.marker(slot, x: place.x, y: place.y, size: size, tip: tips ? tip(series, point) : nil)
      }
    }
  }

  private mutating func drawRules() {
    for rule in plot.rules where plot.y.canShow(rule.value) {
      if let interval = rule.interval {
        let high = pixel(interval.upperBound)
        let low = pixel(interval.lowerBound)
        canvas.rectangle(
          x: layout.left, y: high, width: layout.right - layout.left, height: max(low - high, 0), class: "rb")
      }
      let y = pixel(rule.value)
      canvas.line(layout.left, y, layout.right, y, class: "ru")
    }
  }

  private mutating func drawColumns(_ index: Int) {
    let series = plot.series[index]
    let slot = PlotPalette.slot(index)
    let base = layout.yScale.scale == .linear ? layout.yScale.clamped(0) : layout.bottom
    for (bin, point) in series.points.enumerated() where plot.y.canShow(point.y) {
      let sides = columnSides(index, bin)
      let y = pixel(point.y)
      canvas.rectangle(
        x: sides.left, y: min(y, base), width: max(sides.right - sides.left, 0.5), height: abs(base - y),
        class: "f\(slot)\(isOverlaid(series) ? " bo" : "")", tip: tip(series, point))
    }
  }

  private func isOverlaid(_ series: Plot.Series) -> Bool {
    if case .histogram = series.form { return plot.series.count > 1 }
    return false
  }

  /// The left and right edge of a bar or bin.
  private func columnSides(_ index: Int, _ bin: Int) -> (left: Double, right: Double) {
    if case .histogram(let edges) = plot.series[index].form {
      let left = layout.xScale.clamped(edges[bin])
      let right = layout.xScale.clamped(edges[bin + 1])
      return right - left > 4 ? (left + 0.5, right - 0.5) : (left, right)
    }
    let bars = plot.series.indices.filter { plot.series[$0].form == .bars }
    let order = Double(bars.firstIndex(of: index) ?? 0)
    let slot = layout.xScale.position(1) - layout.xScale.position(0)
    let group = min(slot * 0.76, 90 * Double(bars.count))
    let width = group / Double(max(bars.count, 1))
    let start = layout.xScale.position(Double(bin)) - group / 2 + width * order
    return (start + min(1, width * 0.05), start + width - min(1, width * 0.05))
  }

  private mutating func drawBand(_ index: Int) {
    let series = plot.series[index]
    guard series.intervals == .band else { return }
    for run in runs(series).flatMap({ $0.split { $0.interval == nil } }) {
      var upper: [(x: Double, y: Double)] = []
      var lower: [(x: Double, y: Double)] = []
      for point in run {
        guard let interval = point.interval else { continue }
        let x = layout.xScale.position(point.x)
        if series.form == .step, let above = upper.last, let below = lower.last {
          upper.append((x, above.y))
          lower.append((x, below.y))
        }
        upper.append((x, pixel(interval.upperBound)))
        lower.append((x, pixel(interval.lowerBound)))
      }
      canvas.path(upper + lower.reversed(), class: "bd f\(PlotPalette.slot(index))", closed: true)
    }
  }

  private mutating func drawLine(_ index: Int) {
    let series = plot.series[index]
    guard series.form != .scatter else { return }
    let slot = PlotPalette.slot(index)
    for run in runs(series) {
      var path: [(x: Double, y: Double)] = []
      for point in run {
        guard let place = place(point) else { continue }
        if series.form == .step, let last = path.last { path.append((place.x, last.y)) }
        path.append(place)
      }
      canvas.path(path, class: "ln s\(slot)", dash: PlotPalette.dashes[slot])
    }
  }

  private mutating func drawErrorBars(_ index: Int) {
    let series = plot.series[index]
    guard series.intervals == .bars else { return }
    let name = series.standsOnZero ? "er" : "er s\(PlotPalette.slot(index))"
    for (bin, point) in series.points.enumerated() {
      guard let interval = point.interval, plot.y.canShow(point.y), plot.x.canShow(point.x) else { continue }
      let sides = series.standsOnZero ? columnSides(index, bin) : nil
      let x = sides.map { ($0.left + $0.right) / 2 } ?? layout.xScale.position(point.x)
      let cap = sides.map { min(5, ($0.right - $0.left) * 0.3) } ?? 5
      let high = pixel(interval.upperBound)
      let low = pixel(interval.lowerBound)
      canvas.line(x, high, x, low, class: name)
      canvas.line(x - cap, high, x + cap, high, class: name)
      canvas.line(x - cap, low, x + cap, low, class: name)
    }
  }

  /// The points of a line, broken where one has no place.
  private func runs(_ series: Plot.Series) -> [[Plot.Point]] {
    series.points
      .split { !plot.x.canShow($0.x) || !plot.y.canShow($0.y) }
      .map(Array.init)
  }

  private func place(_ point: Plot.Point) -> (x: Double, y: Double)? {
    guard plot.x.canShow(point.x), plot.y.canShow(point.y) else { return nil }
    return (bounded(layout.xScale.position(point.x)), pixel(point.y))
  }

  /// The vertical pixel of a value; what has no place on the axis stands at its edge.
  private func pixel(_ value: Double) -> Double {
    if value == .infinity { return layout.top - 10 }
    if !plot.y.canShow(value) { return layout.bottom + 10 }
    return bounded(layout.yScale.position(value))
  }

  private func bounded(_ pixel: Double) -> Double {
    min(max(pixel, -20_000), 20_000)
  }

  private func tip(_ series: Plot.Series, _ point: Plot.Point) -> String {
    let column = Int(point.x.isFinite ? point.x.rounded() : -1)
    let place =
      plot.x.categories.indices.contains(column)
      ? plot.x.categories[column] : NumberText.significant(point.x, digits: 5)
    var text = "\(series.name), \(place): \(NumberText.significant(point.y, digits: 5))"
    if let interval = point.interval {
      let ends = [interval.lowerBound, interval.upperBound].map { NumberText.significant($0, digits: 5) }
      text += " (\(ends[0]) to \(ends[1]))"
    }
    return text
  }
}
