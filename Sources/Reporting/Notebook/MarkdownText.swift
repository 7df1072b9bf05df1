/// The part of Markdown that notebooks are written in, as HTML.
///
/// Headings, paragraphs, lists, block quotes and fenced code, and code, strong, emphasis and links inside a line;
/// anything else stays text.
enum MarkdownText {
  /// HTML for a text; everything that is not markup is escaped.
  static func html(_ text: String) -> String {
    var result = ""
    var paragraph: [Substring] = []
    var list: [String] = []
    var listTag = "ul"
    func flush() {
      if !paragraph.isEmpty { result += "<p>\(inline(paragraph.joined(separator: " ")))</p>\n" }
      if !list.isEmpty {
        result += "<\(listTag)>\n" + list.map { "<li>\(inline($0))</li>\n" }.joined() + "</\(listTag)>\n"
      }
      paragraph = []
      list = []
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst() {
      let level = line.prefix { $0 == "#" }.count
      if line.hasPrefix("```") {
        flush()
        let code = lines.prefix { !$0.hasPrefix("```") }
        lines = lines.dropFirst(code.count + 1)
        let body = Markup.escaped(code.joined(separator: "\n"))
        result += "<pre tabindex=\"0\"><code>\(body)</code></pre>\n"
      } else if (1...4).contains(level), line.dropFirst(level).hasPrefix(" ") {
        flush()
        result += "<h\(level)>\(inline(String(line.dropFirst(level + 1))))</h\(level)>\n"
      } else if line.hasPrefix("> ") {
        flush()
        result += "<p class=\"note\">\(inline(String(line.dropFirst(2))))</p>\n"
      } else if let item = item(line) {
        if list.isEmpty { flush() }
        listTag = item.ordered ? "ol" : "ul"
        list.append(item.text)
      } else if line.allSatisfy(\.isWhitespace) {
        flush()
      } else if !list.isEmpty {
        list[list.count - 1] += " " + line.drop(while: \.isWhitespace)
      } else {
        paragraph.append(line)
      }
    }
    flush()
    return result
  }

  private static func item(_ line: Substring) -> (text: String, ordered: Bool)? {
    if line.hasPrefix("- ") { return (String(line.dropFirst(2)), false) }
    let digits = line.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, line.dropFirst(digits.count).hasPrefix(". ") else { return nil }
    return (String(line.dropFirst(digits.count + 2)), true)
  }

  /// Markup inside a line.
  static func inline(_ text: String) -> String {
    var result = ""
    var rest = Substring(text)
    while let first = rest.first {
      if first == "`", let (inside, after) = span(rest, "`", "`") {
        result += "<code>\(Markup.escaped(inside))</code>"
        rest = after
      } else if rest.hasPrefix("**"), let (inside, after) = span(rest, "**", "**") {
        result += "<strong>\(inline(inside))</strong>"
        rest = after
      } else if first == "*", let (inside, after) = span(rest, "*", "*"), inside.first != " " {
        result += "<em>\(inline(inside))</em>"
        rest = after
      } else if first == "[", let (label, after) = span(rest, "[", "]"), after.hasPrefix("("),
        let (target, end) = span(after, "(", ")"), isLink(target)
      {
        result += "<a href=\"\(Markup.escaped(target))\">\(inline(label))</a>"
        rest = end
      } else {
        result += Markup.escaped(String(first))
        rest = rest.dropFirst()
      }
    }
    return result
  }

  /// Links lead to pages and files, never to code.
  private static func isLink(_ target: String) -> Bool {
    target.hasPrefix("https://") || target.hasPrefix("#") || !target.contains(":")
  }

  private static func span(_ text: Substring, _ open: String, _ close: String) -> (String, Substring)? {
    let inside = text.dropFirst(open.count)
    guard let end = inside.firstRange(of: close), end.lowerBound > inside.startIndex else { return nil }
    return (String(inside[..<end.lowerBound]), inside[end.upperBound...])
  }
}
