import Foundation
import Reporting
import Testing

@Suite struct FigureTests {
  static let map = HeatMap(
    title: "t & <b>", description: "d", columns: ["one", "a much longer name than fits"], rows: ["r", "s"],
    values: [[0, 1], [.nan, -3.5]], decimals: 1)

  static let facets = Facets(
    title: "both", description: "d",
    panels: [.plot(PlotTests.everything(.linear)), .heatMap(map), .plot(PlotTests.everything(.linear))])

  @Test(arguments: [60, 240, 340, 720])
  func `heat maps and facets are well-formed and repeat to the byte`(width: Int) {
    for figure in [Figure.heatMap(Self.map), .facets(Self.facets)] {
      let svg = figure.svg(width: width)
      #expect(PlotTests.wellFormed(svg))
      #expect(svg == figure.svg(width: width))
      for word in ["nan", "inf\"", "<b>", " id="] { #expect(!svg.contains(word), "\(word)") }
    }
  }

  @Test func `a larger value never has a paler colour, and what is no number has no cell`() {
    let map = HeatMap(title: "t", description: "d", values: [(0...20).map { Double($0) }])
    let steps = map.svg().split(separator: "\n").filter { $0.contains("<rect class=\"h") }
      .compactMap { Int($0.split(separator: "\"")[1].dropFirst()) }
    #expect(steps.count == 21)
    #expect(steps == steps.sorted())
    #expect(steps.first == 0 && steps.last == 10)
    let cells = Self.map.svg().split(separator: "\n").filter { $0.contains("\"hc h") }
    #expect(cells.count == 3)
  }

  @Test func `facets of the same series have one legend, common axes, and fold on a phone`() {
    func plot(_ top: Double) -> Plot {
      Plot(
        title: "p", description: "d", x: Plot.Axis("x"), y: Plot.Axis("y"),
        series: [.line("alpha", [.init(0, 0), .init(1, top)]), .line("beta", [.init(0, 1), .init(1, 2)])])
    }
    let facets = Facets(title: "t", description: "d", plots: [plot(5), plot(100)])
    #expect(facets.svg().components(separatedBy: ">alpha</text>").count == 2)
    #expect(facets.svg().components(separatedBy: ">100</text>").count == 3)
    func height(_ width: Int) -> Int {
      let text = facets.svg(width: width)
      let numbers = text.prefix { $0 != ">" }.split(separator: "\"").filter { $0.hasPrefix("0 0 ") }
      return numbers.first.flatMap { Double($0.split(separator: " ")[3]) }.map(Int.init) ?? 0
    }
    #expect(height(240) > height(720) * 3 / 2)
  }

  @Test(arguments: [24, 40, 80, 120])
  func `no line of a terminal drawing is wider than its room`(width: Int) {
    let bars = Plot(
      title: "bars", description: "d", x: Plot.Axis("x", categories: ["a long name of a bar", "b"]), y: Plot.Axis("n"),
      series: [.bars("one", [3, 4]), .bars("two", [1, .nan])])
    let histogram = Plot(
      title: "h", description: "d", x: Plot.Axis("x"), y: Plot.Axis("n"),
      series: [.histogram("h", edges: [0, 1, 2], counts: [5, 0])])
    for figure in [.plot(PlotTests.everything(.linear)), .plot(bars), .plot(histogram), Figure.facets(Self.facets)] {
      for style in [TerminalStyle.plain, TerminalStyle(decorated: false, unicode: false)] {
        let text = figure.terminal(width: width, style: style)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "\(text)")
        #expect(!text.contains("\u{1B}"))
        // The names and labels that callers give may be anything; the marks are ours.
        if !style.unicode { #expect(!text.contains("─") && !text.contains("●") && !text.contains("█")) }
      }
    }
  }

  @Test func `a larger value has the longer bar, and colour comes only with decoration`() {
    let plot = Plot(
      title: "t", description: "d", x: Plot.Axis("x", categories: ["a", "b"]), y: Plot.Axis("n"),
      series: [.bars("s", [2, 8])])
    let lengths = plot.terminal().split(separator: "\n").map { $0.count { $0 == "█" } }.filter { $0 > 0 }
    #expect(lengths.count == 2 && lengths[0] * 3 < lengths[1])
    #expect(plot.terminal(style: TerminalStyle(decorated: true, unicode: true)).contains("\u{1B}[34m"))
  }

  @Test func `what differs from run to run is marked, and not compared`() {
    func report(_ number: Int, _ fixed: Int) -> String {
      let notebook = Notebook(source: nil)
      notebook.show("measured \(number)", varies: true, line: 1)
      notebook.show("fixed \(fixed)", line: 1)
      return notebook.document.markdown()
    }
    #expect(report(1, 1).contains("Differs from run to run"))
    #expect(NotebookComparison.differences(of: report(1, 1), from: report(2, 1)).isEmpty)
    #expect(!NotebookComparison.differences(of: report(1, 1), from: report(1, 2)).isEmpty)
  }
}
