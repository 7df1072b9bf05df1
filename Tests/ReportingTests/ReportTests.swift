import Foundation
import FoundationXML
import Reporting
import Testing

@Suite struct ReportTests {
  static let hostile = "<script>alert('1')</script> & \"x\" `a<b` \u{8}"

  static func report(_ text: String = hostile) -> Report {
    var report = Report(title: text, summary: text, language: "en")
    for _ in 0..<3 { report.section(text) }
    report.heading(text)
    report.paragraph(text)
    report.note(text)
    report.list([text, text])
    report.keyFigures([.init(text, text)])
    report.claims(text, [.init(text, text)])
    report.table(Table(caption: text, columns: [.text(text), .number(text)], rows: [[text, text]]))
    report.plot(PlotTests.everything(.linear, name: text), caption: text)
    report.commands([text, text], caption: text)
    report.output(text)
    return report
  }

  @Test func `every block escapes what it is given`() {
    let html = Self.report().html()
    #expect(!html.contains("<script"))
    #expect(!html.contains("alert('"))
    #expect(html.contains("<code>a&lt;b</code>"))
  }

  @Test func `the page is self-contained`() {
    let html = Self.report("plain").html()
    for word in ["http://", "https://", "src=", "@import", "url(", "<link"] {
      let rest = html.replacing("http://www.w3.org/2000/svg", with: "")
      #expect(!rest.contains(word), "\(word)")
    }
    #expect(html.contains("default-src 'none'"))
    #expect(html.contains("prefers-color-scheme"))
    #expect(html.contains("width=device-width"))
  }

  @Test func `the body is well formed`() throws {
    let html = Self.report().html()
    let start = try #require(html.range(of: "<main>"))
    let end = try #require(html.range(of: "</main>"))
    #expect(XMLParser(data: Data(html[start.lowerBound..<end.upperBound].utf8)).parse())
  }

  @Test func `the same report gives the same bytes`() {
    #expect(Self.report().html() == Self.report().html())
    #expect(Self.report().markdown() == Self.report().markdown())
  }

  @Test func `three sections make a table of contents whose links lead somewhere`() {
    let html = Self.report("plain").html()
    for index in 1...3 {
      #expect(html.contains("href=\"#s\(index)\""))
      #expect(html.contains("<section id=\"s\(index)\">"))
    }
    var short = Report(title: "t")
    short.section("one")
    #expect(!short.html().contains("<nav"))
  }

  @Test func `each plot is drawn for wide and for narrow pages`() {
    let html = Self.report("plain").html()
    #expect(html.contains("width=\"720\""))
    #expect(html.contains("width=\"340\""))
  }

  @Test func `Markdown lets no tag through outside code`() {
    var report = Report(title: "t <b>")
    report.paragraph("a <i> `x<y`")
    report.output("```\ninside\n```")
    let text = report.markdown()
    #expect(text.contains("# t &lt;b>"))
    #expect(text.contains("a &lt;i> `x<y`"))
    #expect(text.contains("````\n```\ninside\n```\n````"))
  }

  @Test func `Markdown can refer to plots kept in files`() {
    let text = Self.report("plain").markdown { "plot-\($0).svg" }
    #expect(text.contains("](plot-1.svg)"))
    #expect(!text.contains("<svg"))
  }
}
