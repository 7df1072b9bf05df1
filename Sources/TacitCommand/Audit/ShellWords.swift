/// Splits a command line into words by the shell's quoting rules, without running a shell.
enum ShellWords {
  /// The words of `text`: blanks separate, `'…'` is literal, `"…"` groups with `\"` and `\\` inside, `\x` is x.
  ///
  /// - Returns: `nil` when a quote is not closed or a backslash ends the text.
  static func split(_ text: String) -> [String]? {
    var words: [String] = []
    var word = ""
    var started = false
    var quote: Character?
    var escaped = false
    for character in text {
      if escaped {
        if quote == "\"", character != "\"", character != "\\" { word.append("\\") }
        word.append(character)
        escaped = false
      } else if character == "\\", quote != "'" {
        escaped = true
        started = true
      } else if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        started = true
      } else if character.isWhitespace {
        if started { words.append(word) }
        word = ""
        started = false
      } else {
        word.append(character)
        started = true
      }
    }
    if started { words.append(word) }
    return quote == nil && !escaped ? words : nil
  }
}
