/// Prose, code and outputs of a notebook in reading order, and the forms they are written in.
package struct NotebookDocument: Hashable {
  /// One part, in reading order.
  enum Part: Hashable {
    case prose(String)
    case code(String, outputs: [Notebook.Output])
  }

  let parts: [Part]

  init(source: NotebookSource?, outputs: [Notebook.Placed]) {
    guard let source, !source.cells.isEmpty else {
      parts = [.code("", outputs: outputs.map(\.output))]
      return
    }
    parts = source.cells.map { cell in
      switch cell.kind {
      case .prose: .prose(cell.text)
      case .code: .code(cell.text, outputs: outputs.filter { cell.lines.contains($0.line) }.map(\.output))
      }
    }
  }

  /// The first heading, for the title of a page.
  var title: String {
    for case .prose(let text) in parts {
      for line in text.split(separator: "\n") where line.hasPrefix("# ") { return String(line.dropFirst(2)) }
    }
    return "Notebook"
  }

  /// Markdown with inline SVG.
  package func markdown() -> String {
    var text = ""
    for part in parts {
      switch part {
      case .prose(let words): text += words + "\n\n"
      case .code(let code, let outputs):
        if !code.isEmpty { text += Report.fenced(code, language: "swift") }
        for output in outputs { text += Self.markdown(output) }
      }
    }
    return text
  }

  private static func markdown(_ output: Notebook.Output) -> String {
    switch output {
    case .text(let words): Report.fenced(words, language: "text")
    case .table(let table): table.markdown() + "\n"
    case .figure(let figure): figure.svg() + "\n"
    case .varying(let inner):
      "\(NotebookComparison.varyingStart)\n*Differs from run to run:*\n\n\(markdown(inner))"
        + "\(NotebookComparison.varyingEnd)\n\n"
    case .check(let claim, let holds): "\(holds ? "✓" : "✗ **fails**:") \(Markup.markdownProse(claim))\n\n"
    }
  }

  /// One self-contained page without scripts.
  package func html() -> String {
    var body = ""
    for part in parts {
      switch part {
      case .prose(let words): body += MarkdownText.html(words)
      case .code(let code, let outputs):
        if !code.isEmpty { body += "<pre tabindex=\"0\"><code>\(Markup.escaped(code))</code></pre>\n" }
        for output in outputs { body += Self.html(output) }
      }
    }
    return Report.page(title: title, language: "en", body: "<main>\n\(body)</main>\n")
  }

  private static func html(_ output: Notebook.Output) -> String {
    switch output {
    case .text(let words): "<pre class=\"out\" tabindex=\"0\"><code>\(Markup.escaped(words))</code></pre>\n"
    case .table(let table): table.html()
    case .figure(let figure): Report.figure(figure, caption: nil)
    case .varying(let inner): "<p class=\"cap\">Differs from run to run:</p>\n\(html(inner))"
    case .check(let claim, let holds):
      "<p class=\"check\(holds ? "" : " failed")\"><span>\(holds ? "✓" : "✗ fails:")</span> \(Markup.prose(claim))</p>\n"
    }
  }
}
