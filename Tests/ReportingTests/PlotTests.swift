import FoundationXML
import Foundation
import Reporting
import Testing

@Suite struct PlotTests {
  /// A plot that uses every form, with awkward values among the data.
  static func everything(_ scale: Plot.Axis.Scale, name: String = "a & <b> \"c\"") -> Plot {
    Plot(
      title: "Title \(name)", description: "Description \(name)",
      x: Plot.Axis("x \(name)", scale: scale), y: Plot.Axis("y", scale: scale),
      series: [
        .line(name, [.init(1, 2, interval: 1...3), .init(2, .nan), .init(3, 4, interval: -1...5), .init(4, 1e9)]),
        .line("bars", [.init(1, 2, interval: 0.5...3), .init(-1, 5)], intervals: .bars, markers: false),
        .step("step", [.init(1, 0), .init(2, 5, interval: 4 ... .infinity), .init(3, 7)]),
        .scatter("scatter", (1...100).map { .init(Double($0), Double($0 * $0)) }),
        .histogram("bins", edges: [0, 1, 2, 4], counts: [3, 0, 9], intervals: [nil, -1...1]),
      ],
      rules: [Plot.Rule("rule", at: 3, interval: 2...4), Plot.Rule("nowhere", at: .nan)])
  }

  static func wellFormed(_ text: String) -> Bool {
    XMLParser(data: Data(text.utf8)).parse()
  }

  @Test(arguments: [Plot.Axis.Scale.linear, .logarithmic], [100, 240, 340, 720, 2000])
  func `every plot is well-formed XML without NaN`(scale: Plot.Axis.Scale, width: Int) {
    let svg = Self.everything(scale).svg(width: width)
    #expect(Self.wellFormed(svg))
    for word in ["nan", "inf\"", "<b>", " id="] { #expect(!svg.contains(word), "\(word)") }
  }

  @Test func `the same plot gives the same bytes`() {
    #expect(Self.everything(.linear).svg() == Self.everything(.linear).svg())
  }

  @Test func `a control character cannot make a plot unreadable`() {
    #expect(Self.wellFormed(Self.everything(.linear, name: "\u{0}\u{8}\u{FFFE}x\u{9B}").svg()))
  }

  @Test func `title and description come first for screen readers`() throws {
    let svg = Self.everything(.linear, name: "n").svg()
    let title = try #require(svg.range(of: "<title>Title n</title>"))
    let description = try #require(svg.range(of: "<desc>Description n</desc>"))
    #expect(title.upperBound < description.lowerBound)
    #expect(svg.contains("role=\"img\""))
  }

  @Test func `an empty plot draws its axes and says so`() {
    let empty = Plot(title: "t", description: "d", x: Plot.Axis("x"), y: Plot.Axis("y"))
    #expect(empty.svg().contains("no data to show"))
    let nothing = Plot(
      title: "t", description: "d", x: Plot.Axis("x", scale: .logarithmic), y: Plot.Axis("y"),
      series: [.line("s", [.init(-1, 2), .init(0, 3)])])
    #expect(nothing.svg().contains("no data to show"))
  }

  @Test func `legend text stands above the drawing at any width`() throws {
    for width in [240, 340, 500, 720] {
      var plot = Plot(title: "t", description: "d", x: Plot.Axis("x"), y: Plot.Axis("y"))
      for index in 0..<9 { plot.add(.line("series number \(index)", [.init(0, 0), .init(1, Double(index))])) }
      let svg = plot.svg(width: width)
      let viewport = try #require(svg.range(of: "<svg x="))
      let top = try #require(attribute("y", in: svg[viewport.lowerBound...]))
      for index in 0..<9 {
        let label = try #require(svg.range(of: ">series number \(index)</text>"))
        let start = try #require(svg[..<label.lowerBound].range(of: "<text", options: .backwards))
        let y = try #require(attribute("y", in: svg[start.lowerBound...]))
        #expect(y < top)
      }
    }
  }

  @Test func `a single series has no legend and several do`() {
    var plot = Plot(title: "t", description: "d", x: Plot.Axis("x"), y: Plot.Axis("y"))
    plot.add(.line("only", [.init(0, 0), .init(1, 1)], markers: false))
    #expect(!plot.svg().contains(">only</text>"))
    plot.add(Plot.Rule("a rule", at: 0.5))
    #expect(plot.svg().contains(">only</text>"))
    #expect(plot.svg().contains(">a rule</text>"))
  }

  @Test func `bars start at zero and taller values give taller bars`() {
    let plot = Plot(
      title: "t", description: "d", x: Plot.Axis("x", categories: ["a", "b", "c"]), y: Plot.Axis("y"),
      series: [.bars("n", [2, 4, .nan])])
    let heights = plot.svg().split(separator: "\n").filter { $0.contains("class=\"f0\"") }
      .compactMap { attribute("height", in: $0) }
    #expect(heights.count == 2)
    #expect(abs(heights[1] - 2 * heights[0]) < 0.02)
  }

  @Test func `more privacy lies further left on a logarithmic axis, at equal ratios`() {
    let plot = Plot(
      title: "t", description: "d", x: Plot.Axis("x", scale: .logarithmic), y: Plot.Axis("y"),
      series: [.scatter("n", [.init(1, 1), .init(2, 1), .init(4, 1), .init(8, 1)])])
    let places = plot.svg().split(separator: "\n").filter { $0.contains("<circle") }
      .compactMap { attribute("cx", in: $0) }
    #expect(places.count == 4)
    let gaps = zip(places.dropFirst(), places).map { $0 - $1 }
    for gap in gaps { #expect(abs(gap - gaps[0]) < 0.05 && gap > 0) }
  }

  private func attribute(_ name: String, in text: Substring) -> Double? {
    guard let start = text.range(of: " \(name)=\"") else { return nil }
    return Double(text[start.upperBound...].prefix { $0 != "\"" })
  }
}
