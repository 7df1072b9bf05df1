extension Report {
  /// The report as GitHub-flavoured Markdown; plots are inline SVG.
  ///
  /// - Parameter plotReference: Where the drawing of the *n*-th plot, counted from 1, is kept; when given, the text
  ///   holds an image link in place of the drawing.
  public func markdown(plotReference: ((Int) -> String)? = nil) -> String {
    var text = "# \(Markup.markdownProse(title))\n\n"
    if let summary { text += Markup.markdownProse(summary) + "\n\n" }
    var plots = 0
    for block in blocks {
      switch block {
      case .section(let title): text += "## \(Markup.markdownProse(title))\n\n"
      case .heading(let title): text += "### \(Markup.markdownProse(title))\n\n"
      case .paragraph(let words): text += Markup.markdownProse(words) + "\n\n"
      case .note(let words): text += "> \(Markup.markdownProse(words))\n\n"
      case .list(let items): text += items.map { "- \(Markup.markdownProse($0))\n" }.joined() + "\n"
      case .figures(let claims): text += Self.list(claims) + "\n"
      case .claims(let title, let claims): text += "**\(Markup.markdownProse(title))**\n\n\(Self.list(claims))\n"
      case .table(let table): text += table.markdown() + "\n"
      case .figure(let figure, let caption):
        plots += 1
        let alternative = Markup.markdownProse(figure.title).replacing("]", with: "\\]")
        text += plotReference.map { "![\(alternative)](\($0(plots)))\n\n" } ?? figure.svg() + "\n"
        if let caption { text += "*\(Markup.markdownProse(caption))*\n\n" }
      case .commands(let lines, let caption):
        if let caption { text += Markup.markdownProse(caption) + "\n\n" }
        text += Self.fenced(lines.joined(separator: "\n"), language: "sh")
      case .output(let words): text += Self.fenced(words, language: "")
      }
    }
    return text
  }

  private static func list(_ claims: [Claim]) -> String {
    claims.map { "- **\(Markup.markdownProse($0.name))**: \(Markup.markdownProse($0.value))\n" }.joined()
  }

  /// A code block whose fence is longer than any run of backticks inside.
  static func fenced(_ text: String, language: String) -> String {
    var longest = 0
    var run = 0
    for character in text {
      run = character == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\(language)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)\n\n"
  }
}
