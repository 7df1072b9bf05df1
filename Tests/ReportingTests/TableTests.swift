import Reporting
import Testing

@Suite struct TableTests {
  let table = Table(
    caption: "Persons",
    columns: [.text("city"), .number("count"), .number("expected error")],
    rows: [["Oslo", "12,345", "± 3"], ["Ber|gen <b>", "7"]])

  @Test func `short rows are filled`() {
    #expect(table.rows[1] == ["Ber|gen <b>", "7", ""])
  }

  @Test func `terminal columns line up and numbers stand right`() {
    #expect(
      table.terminal() == """
        Persons
        city          count  expected error
        ───────────  ──────  ──────────────
        Oslo         12,345             ± 3
        Ber|gen <b>       7

        """)
  }

  @Test(arguments: 20...60)
  func `no terminal line is wider than the terminal`(width: Int) {
    let text = table.terminal(width: width)
    for line in text.split(separator: "\n").dropFirst() { #expect(line.count <= width, "\(line)") }
  }

  /// Every word of every cell is there, whole, whatever the width; nothing is replaced by a sign of a cut.
  @Test(arguments: 1...90)
  func `a fitted table loses nothing`(width: Int) {
    let long = Table(
      caption: "c", columns: [.text("check"), .text("detail"), .number("share (95 %)"), .text("")],
      rows: [
        ["gradient-inversion", "a very-long-word-that-nobody-can-break and some more", "0.123 (0.100…0.150)", "x"],
        ["b", "", "7", "日本\u{1B}[31m"],
      ])
    let text = long.fitted(width: width)
    for cell in long.rows.joined() {
      for word in cell.split(separator: " ") {
        #expect(text.contains(String(word.filter { $0 != "\u{1B}" })), "\(word) in\n\(text)")
      }
    }
    #expect(text.count { $0 == "…" } == 1 && !text.contains("\u{1B}"))
    // The longest word in its block needs 52 cells.
    if width >= 52 { #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "\(text)") }
    #expect(long.fitted(width: nil) == long.terminal())
  }

  @Test func `paragraphs keep their words, indent and width`() {
    #expect(TextBlock.paragraph("aa bbb  c\ndddd", width: 6, indent: 2) == "  aa\n  bbb\n  c\n  dddd")
    #expect(TextBlock.paragraph("", width: 6, indent: 2) == "  ")
    #expect(TextBlock.paragraph("abcdefghij k", width: 4) == "abcdefghij\nk")
  }

  @Test func `numbers stay whole in a narrow terminal`() {
    #expect(table.terminal(width: 27).contains("12,345"))
  }

  @Test func `wide and combining characters are counted in cells`() {
    let wide = Table(columns: [.text("k"), .number("n")], rows: [["日本", "1"], ["e\u{301}x", "2"]])
    let lines = wide.terminal().split(separator: "\n")
    #expect(lines[2] == "日本  1")
    #expect(lines[3] == "e\u{301}x    2")
  }

  @Test func `control characters never reach the terminal`() {
    let hostile = Table(columns: [.text("k")], rows: [["a\u{1B}[31mb\u{9B}c\nd\te"]])
    #expect(!hostile.terminal().unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x9B })
    #expect(hostile.terminal().split(separator: "\n").count == 3)
  }

  @Test func `bold only where the style says so`() {
    #expect(!table.terminal().contains("\u{1B}"))
    #expect(table.terminal(style: TerminalStyle(decorated: true, unicode: true)).contains("\u{1B}[1mcity\u{1B}[0m"))
    #expect(!table.terminal(style: TerminalStyle(decorated: false, unicode: false)).contains("─"))
  }

  @Test func `Markdown cells cannot break the table`() {
    let lines = table.markdown().split(separator: "\n")
    #expect(lines[1] == "| city | count | expected error |")
    #expect(lines[2] == "| --- | ---: | ---: |")
    #expect(lines[4] == "| Ber\\|gen &lt;b> | 7 |  |")
  }

  @Test func `HTML cells are escaped`() {
    #expect(table.html().contains("<td>Ber|gen &lt;b&gt;</td><td class=\"n\">7</td>"))
    #expect(!table.html().contains("<b>"))
  }
}
