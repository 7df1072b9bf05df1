extension Report {
  /// The report as one HTML page: no scripts, no external files, and a policy that forbids both.
  public func html() -> String {
    var page = "<main>\n<header>\n<h1>\(Markup.prose(title))</h1>\n"
    if let summary { page += "<p class=\"lead\">\(Markup.prose(summary))</p>\n" }
    page += "</header>\n" + contents()
    var sections = 0
    for block in blocks {
      if case .section = block {
        page += sections > 0 ? "</section>\n" : ""
        sections += 1
        page += "<section id=\"s\(sections)\">\n"
      }
      page += Self.html(block)
    }
    page += (sections > 0 ? "</section>\n" : "") + "</main>\n"
    return Self.page(title: title, language: language, body: page)
  }

  /// A whole page around a body: head, style and the policy that forbids scripts and the network.
  static func page(title: String, language: String, body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="\(Markup.escaped(language))">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
    <title>\(Markup.escaped(title))</title>
    <style>
    \(ReportStyle.page)\(PlotPalette.style)\(HeatMap.style)</style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }

  /// A figure drawn for wide and for narrow pages.
  static func figure(_ figure: Figure, caption: String?) -> String {
    let wide = figure.drawing(width: 720, withStyle: false).markup
    let narrow = figure.drawing(width: 340, withStyle: false).markup
    let words = caption.map { "<figcaption>\(Markup.prose($0))</figcaption>\n" } ?? ""
    return "<figure>\n<div class=\"wide\">\n\(wide)</div>\n<div class=\"narrow\">\n\(narrow)</div>\n\(words)</figure>\n"
  }

  private func contents() -> String {
    let titles = blocks.compactMap { block in
      if case .section(let title) = block { title } else { nil }
    }
    guard titles.count >= 3 else { return "" }
    let items = titles.enumerated().map { "<li><a href=\"#s\($0.offset + 1)\">\(Markup.prose($0.element))</a></li>\n" }
    return "<nav aria-label=\"Contents\"><ol>\n\(items.joined())</ol></nav>\n"
  }

  private static func html(_ block: Block) -> String {
    switch block {
    case .section(let title): return "<h2>\(Markup.prose(title))</h2>\n"
    case .heading(let title): return "<h3>\(Markup.prose(title))</h3>\n"
    case .paragraph(let text): return "<p>\(Markup.prose(text))</p>\n"
    case .note(let text): return "<p class=\"note\">\(Markup.prose(text))</p>\n"
    case .list(let items):
      return "<ul>\n" + items.map { "<li>\(Markup.prose($0))</li>\n" }.joined() + "</ul>\n"
    case .figures(let figures):
      return "<dl class=\"figures\">\n\(pairs(figures))</dl>\n"
    case .claims(let title, let claims):
      return "<aside class=\"claims\" aria-label=\"\(Markup.escaped(title))\">\n<h3>\(Markup.prose(title))</h3>\n"
        + "<dl>\n\(pairs(claims))</dl>\n</aside>\n"
    case .table(let table): return table.html()
    case .figure(let drawn, let caption): return figure(drawn, caption: caption)
    case .commands(let lines, let caption):
      let words = caption.map { "<p class=\"cap\">\(Markup.prose($0))</p>\n" } ?? ""
      let text = lines.map { "<span>\(Markup.escaped($0))\n</span>" }.joined()
      return "\(words)<pre class=\"cmd\" tabindex=\"0\"><code>\(text)</code></pre>\n"
    case .output(let text):
      return "<pre tabindex=\"0\"><code>\(Markup.escaped(text))</code></pre>\n"
    }
  }

  private static func pairs(_ claims: [Claim]) -> String {
    claims.map { "<div><dt>\(Markup.prose($0.name))</dt><dd>\(Markup.prose($0.value))</dd></div>\n" }.joined()
  }
}
