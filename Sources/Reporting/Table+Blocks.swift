extension Table {
  /// The table within a width, with nothing cut: as a table when lines broken at spaces fit, else one block a row.
  ///
  /// A block is headed by its row's first cell and has a line for each other cell, after the column's name. Text that
  /// cannot be broken, such as a path, may stand out beyond the width.
  ///
  /// - Parameters:
  ///   - width: The room in cells; `nil` for no limit.
  ///   - style: Whether headings are bold and rules are Unicode lines.
  public func fitted(width: Int?, style: TerminalStyle = .plain) -> String {
    let table = terminal(width: width, style: style)
    guard let width else { return table }
    let isWhole =
      Table.cuts(in: table) == Table.cuts(in: terminal(style: style))
      && table.split(separator: "\n").allSatisfy { TextWidth.cells(Table.plain($0)) <= width }
    return isWhole ? table : blocks(width: width, style: style)
  }

  /// How many signs of a cut there are; cells may hold the sign themselves.
  private static func cuts(in text: String) -> Int { text.count { $0 == "…" } }

  private static func plain(_ line: Substring) -> String {
    String(line).replacing("\u{1B}[1m", with: "").replacing("\u{1B}[0m", with: "")
  }

  private func blocks(width: Int, style: TerminalStyle) -> String {
    var text = caption.map { style.bold($0) + "\n" } ?? ""
    let names = columns.dropFirst().map(\.name)
    let indent = 2 + min(names.reduce(0) { max($0, TextWidth.cells($1)) }, max(8, width / 2)) + 2
    for row in rows {
      text += style.bold(TextBlock.paragraph(row.first ?? "", width: width)) + "\n"
      for (name, cell) in zip(names, row.dropFirst()) where !cell.isEmpty {
        let padding = String(repeating: " ", count: max(2, indent - 2 - TextWidth.cells(name)))
        let rest = TextBlock.paragraph(cell, width: width, indent: indent)
        text += "  " + name + padding + String(rest.drop { $0 == " " }) + "\n"
      }
    }
    return text
  }
}

/// Running text for a terminal.
public enum TextBlock {
  /// Text broken at spaces into lines within a width, each after the same indent; no line feed at the end.
  ///
  /// **Edge cases**: a word that is longer than the room stands on a line of its own, whole. Control characters are left
  /// out.
  public static func paragraph(_ text: String, width: Int, indent: Int = 0) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    for word in Table.oneLine(text).split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if line.isEmpty || indent + TextWidth.cells(longer) <= width {
        line = longer
      } else {
        lines.append(margin + line)
        line = String(word)
      }
    }
    return (lines + [margin + line]).joined(separator: "\n")
  }
}
