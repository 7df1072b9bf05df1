/// A grid of cells whose colour says a value: a table of results to be seen at one glance, or an image.
///
/// The colours run through one hue from pale to deep, on dark ground from dim to bright, so that they keep their order for
/// every reader and in print; cells with room for it carry their number as well.
public struct HeatMap: Sendable, Hashable {
  /// The heading.
  public var title: String

  /// What the map shows, in a sentence or two, for readers who cannot see it.
  public var description: String

  /// The names of the columns; empty for an image.
  public var columns: [String]

  /// The names of the rows; empty for an image.
  public var rows: [String]

  /// The values, row by row; one that is not finite leaves its cell empty.
  public var values: [[Double]]

  /// The values of the palest and the deepest colour; `nil` takes the data's.
  public var range: ClosedRange<Double>?

  /// The decimals of the numbers in the cells; `nil` shows none.
  public var decimals: Int?

  /// Makes a heat map.
  ///
  /// - Precondition: Rows are equally long; names, when given, are as many as columns and rows.
  public init(
    title: String, description: String, columns: [String] = [], rows: [String] = [], values: [[Double]],
    range: ClosedRange<Double>? = nil, decimals: Int? = nil
  ) {
    precondition(values.allSatisfy { $0.count == values.first?.count }, "the rows of a heat map are equally long")
    precondition(columns.isEmpty || columns.count == values.first?.count ?? 0, "one name a column")
    precondition(rows.isEmpty || rows.count == values.count, "one name a row")
    self.title = title
    self.description = description
    self.columns = columns
    self.rows = rows
    self.values = values
    self.range = range
    self.decimals = decimals
  }

  /// The heat map as a self-contained SVG document.
  public func svg(width: Int = 720) -> String { Figure.heatMap(self).svg(width: width) }

  /// The range of the colours.
  var shownRange: ClosedRange<Double> {
    if let range, range.lowerBound.isFinite, range.upperBound.isFinite, range.lowerBound < range.upperBound {
      return range
    }
    let finite = values.joined().filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), low < high else {
      let only = finite.first ?? 0
      return only...(only + 1)
    }
    return low...high
  }

  /// The step of the colour scale of a value, from 0 to 10.
  func step(_ value: Double) -> Int {
    let range = shownRange
    let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return Int((min(max(share, 0), 1) * 10).rounded())
  }

  /// The number in a cell.
  func label(_ value: Double, decimals: Int) -> String {
    let text = NumberText.fixed(value, decimals: decimals)
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}

extension HeatMap {
  /// The style sheet of the eleven colours.
  static let style: String = {
    let light = (from: [0xF2, 0xF6, 0xFA], to: [0x06, 0x3B, 0x6B])
    let dark = (from: [0x20, 0x28, 0x31], to: [0x9A, 0xDC, 0xFF])
    func rules(_ ends: (from: [Int], to: [Int])) -> String {
      (0...10).map { step in
        let channels = zip(ends.from, ends.to).map { $0 + ($1 - $0) * step / 10 }
        let digits = channels.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return ".tp .h\(step){fill:#\(digits)}"
      }.joined()
    }
    return ".tp .hc{stroke:#ffffff;stroke-width:1}.tp .l0{fill:#15181b}.tp .l1{fill:#ffffff}\n" + rules(light)
      + "\n@media (prefers-color-scheme:dark){\n.tp .hc{stroke:#15181c}.tp .l0{fill:#eef1f4}.tp .l1{fill:#10151a}\n"
      + rules(dark) + "\n}\n"
  }()

  func drawing(width: Double, withStyle: Bool, at corner: (x: Double, y: Double)?) -> Figure.Drawn {
    let edge = PlotLayout.edge
    let size = PlotLayout.fontSize
    let across = max(values.first?.count ?? 0, 1)
    let isImage = columns.isEmpty && rows.isEmpty && decimals == nil
    let titles = PlotLayout.wrapped(title, to: width - 2 * edge, fontSize: 15 * 1.08, limit: 3)
    let widest = rows.map { TextWidth.pixels($0, fontSize: size) }.max() ?? 0
    let left = rows.isEmpty ? edge : edge + min(widest, width * 0.4) + 8
    let cell = (width - edge - left) / Double(across)
    let tall = isImage ? cell : min(max(cell * 0.6, 26), 40)
    let barTop = edge + Double(titles.count) * 20 + 6
    let wrapped = columns.map { PlotLayout.wrapped($0, to: cell - 4, fontSize: size, limit: 3) }
    let fits = wrapped.allSatisfy { $0.allSatisfy { TextWidth.pixels($0, fontSize: size) <= cell - 2 } }
    let longest = columns.map { TextWidth.pixels($0, fontSize: size) }.max() ?? 0
    let names = columns.isEmpty ? 0 : fits ? Double(wrapped.map(\.count).max() ?? 1) * 16 + 6 : longest + 12
    let top = barTop + (isImage ? 0 : 28) + names
    let height = top + tall * Double(values.count) + edge

    var canvas = SVGCanvas()
    canvas.open(width: width, height: height, title: title, description: description, at: corner)
    if withStyle { canvas.raw("<style>\n\(PlotPalette.style)\(HeatMap.style)</style>\n") }
    canvas.rectangle(x: 0, y: 0, width: width, height: height, class: "bg")
    for (index, line) in titles.enumerated() {
      canvas.text(line, x: edge, y: edge + 14 + Double(index) * 20, class: "tt")
    }
    if !isImage { drawScale(&canvas, y: barTop) }
    for (column, name) in columns.enumerated() {
      let x = left + (Double(column) + 0.5) * cell
      if fits {
        for (row, line) in wrapped[column].enumerated() {
          canvas.text(line, x: x, y: top - names + 14 + Double(row) * 16, anchor: "middle")
        }
      } else {
        canvas.text(TextWidth.cut(name, toCells: 24), x: x + 4.5, y: top - 6, turn: -90)
      }
    }
    for (row, line) in values.enumerated() {
      let y = top + Double(row) * tall
      if !rows.isEmpty {
        var name = rows[row]
        while name.count > 2, TextWidth.pixels(name, fontSize: size) > width * 0.4 {
          name = String(name.dropLast(2)) + "…"
        }
        canvas.text(name, x: left - 8, y: y + tall / 2 + 4.5, anchor: "end")
      }
      for (column, value) in line.enumerated() where value.isFinite {
        let x = left + Double(column) * cell
        let step = step(value)
        let words = [rows.isEmpty ? nil : rows[row], columns.isEmpty ? nil : columns[column]].compactMap { $0 }
        let tip = words.isEmpty ? nil : words.joined(separator: ", ") + ": " + NumberText.significant(value, digits: 5)
        canvas.rectangle(x: x, y: y, width: cell, height: tall, class: isImage ? "h\(step)" : "hc h\(step)", tip: tip)
        guard let decimals else { continue }
        let text = label(value, decimals: decimals)
        guard TextWidth.pixels(text, fontSize: size) <= cell - 4 else { continue }
        canvas.text(
          text, x: x + cell / 2, y: y + tall / 2 + 4.5, anchor: "middle", class: step >= 6 ? "l1" : "l0")
      }
    }
    canvas.raw("</svg>\n")
    return Figure.Drawn(markup: canvas.markup, height: height)
  }

  /// The colours with the values of their ends, above the cells.
  private func drawScale(_ canvas: inout SVGCanvas, y: Double) {
    let range = shownRange
    let low = NumberText.significant(range.lowerBound, digits: 3)
    let start = PlotLayout.edge + TextWidth.pixels(low, fontSize: PlotLayout.fontSize) + 6
    canvas.text(low, x: PlotLayout.edge, y: y + 11)
    for step in 0...10 {
      canvas.rectangle(x: start + Double(step) * 12, y: y, width: 12, height: 13, class: "h\(step)")
    }
    canvas.text(NumberText.significant(range.upperBound, digits: 3), x: start + 11 * 12 + 6, y: y + 11)
  }
}
