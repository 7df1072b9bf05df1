/// Escaping for the text formats that reports are written in.
enum Markup {
  /// Text that is safe as element content and as a double-quoted attribute in HTML and in SVG.
  ///
  /// Control characters that XML 1.0 forbids become U+FFFD, so one odd byte cannot make a whole plot unreadable.
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count + 8)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): result += "\u{FFFD}"
      case _ where scalar.value & 0xFFFE == 0xFFFE: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Escaped text in which spans between backticks are set as code.
  ///
  /// An unpaired backtick stays as it is written.
  static func prose(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    var result = ""
    for (index, part) in parts.enumerated() {
      let piece = escaped(String(part))
      let isCode = !index.isMultiple(of: 2) && index < parts.count - 1
      if isCode {
        result += "<code>\(piece)</code>"
      } else {
        result += (index == parts.count - 1 && !index.isMultiple(of: 2) ? "`" : "") + piece
      }
    }
    return result
  }

  /// Text that is safe inside a Markdown table cell.
  static func markdownCell(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "|": result += "\\|"
      case "\\": result += "\\\\"
      case "<": result += "&lt;"
      case _ where character.isNewline: result += "<br>"
      default: result.append(character)
      }
    }
    return result
  }

  /// Text for a Markdown paragraph: HTML is not let through, everything else stays readable as it was written.
  static func markdownProse(_ text: String) -> String {
    var result = ""
    var insideCode = false
    for character in text {
      if character == "`" { insideCode.toggle() }
      result += character == "<" && !insideCode ? "&lt;" : String(character)
    }
    return result
  }
}
