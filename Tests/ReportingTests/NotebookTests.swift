import Foundation
import Reporting
import Testing

@Suite struct NotebookTests {
  static let source = """
    // Licence.

    // %% [markdown]
    // # A title & more
    //
    // Prose with `code<T>`, **weight**, *stress*, a [link](https://example.org/a?b=1&c=2), [none](javascript:alert).
    //
    // - one
    // - two
    //   goes on
    //
    // 1. first
    //
    // > a note
    // ```sh
    // a < b
    // ```
    // %%
    import Reporting
    let x = 1 < 2
    // %% [markdown]
    // The end.
    """

  /// Outputs placed in the code cell, which covers lines 18 to 20.
  static func notebook(_ source: String? = source, holds: Bool = true) -> Notebook {
    let notebook = Notebook(source: source)
    notebook.show("x = 1.5\n<&>", line: 19)
    notebook.show(Table(columns: [.text("a"), .number("b")], rows: [["<i>", "2"]]), line: 20)
    notebook.show(PlotTests.everything(.linear), line: 20)
    notebook.check("1 < 2", holds, line: 20)
    return notebook
  }

  @Test func `prose, code and outputs come in reading order`() throws {
    let text = Self.notebook().document.markdown()
    let marks = [
      "# A title & more", "```swift\nimport Reporting", "```text\nx = 1.5", "| a | b |", "<svg", "✓ 1 &lt; 2",
      "The end.",
    ]
    var rest = text[...]
    for mark in marks {
      let found = try #require(rest.range(of: mark), "\(mark)")
      rest = rest[found.upperBound...]
    }
    #expect(!text.contains("Licence"))
    #expect(!text.contains("%%"))
  }

  @Test func `a claim that does not hold is said and counted`() {
    let notebook = Self.notebook(holds: false)
    #expect(notebook.failedClaims == ["1 < 2"])
    #expect(notebook.document.markdown().contains("✗ **fails**: 1 &lt; 2"))
    #expect(Self.notebook().failedClaims.isEmpty)
  }

  @Test func `without its source a notebook still shows its outputs`() {
    let text = Self.notebook(nil).document.markdown()
    #expect(text.contains("x = 1.5"))
    #expect(!text.contains("swift"))
  }

  @Test func `the page is well formed, escaped and free of scripts`() throws {
    let html = Self.notebook().document.html()
    #expect(html.contains("<h1>A title &amp; more</h1>"))
    #expect(html.contains("<code>code&lt;T&gt;</code>, <strong>weight</strong>, <em>stress</em>"))
    #expect(html.contains("<a href=\"https://example.org/a?b=1&amp;c=2\">link</a>"))
    #expect(!html.contains("href=\"javascript"))
    #expect(html.contains("<li>two goes on</li>"))
    #expect(html.contains("<ol>\n<li>first</li>"))
    #expect(html.contains("<p class=\"note\">a note</p>"))
    #expect(html.contains("<code>a &lt; b</code>"))
    let start = try #require(html.range(of: "<main>"))
    let end = try #require(html.range(of: "</main>"))
    #expect(PlotTests.wellFormed(String(html[start.lowerBound..<end.upperBound])))
  }

  @Test func `the Jupyter form is JSON of the right shape with its outputs inside`() throws {
    let data = Data(Self.notebook().document.jupyter().utf8)
    let root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(root["nbformat"] as? Int == 4)
    let cells = try #require(root["cells"] as? [[String: Any]])
    #expect(cells.map { $0["cell_type"] as? String } == ["markdown", "code", "markdown"])
    let outputs = try #require(cells[1]["outputs"] as? [[String: Any]])
    #expect(outputs.count == 4)
    #expect((outputs[0]["text"] as? [String])?.joined() == "x = 1.5\n<&>\n")
    let drawing = try #require((outputs[2]["data"] as? [String: Any])?["image/svg+xml"] as? [String])
    #expect(PlotTests.wellFormed(drawing.joined()))
  }

  @Test func `a report agrees with itself and with last-digit noise, and with nothing else`() {
    let text =
      "accuracy 0.9412345678 at ε = 8\n\(Plot(title: "t", description: "d", x: .init("x"), y: .init("y")).svg())end"
    #expect(NotebookComparison.differences(of: text, from: text).isEmpty)
    #expect(
      NotebookComparison.differences(of: text, from: text.replacing("0.9412345678", with: "0.9412345679")).isEmpty)
    #expect(NotebookComparison.differences(of: text, from: text.replacing("0.9412345678", with: "0.9413")).count == 1)
    #expect(NotebookComparison.differences(of: text, from: text.replacing("accuracy", with: "loss")).count == 1)
    #expect(NotebookComparison.differences(of: text, from: text + "\nmore").count == 1)
    #expect(NotebookComparison.differences(of: text, from: text.replacing("no data to show", with: "")).isEmpty)
  }
}
