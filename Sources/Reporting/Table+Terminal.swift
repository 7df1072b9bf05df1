extension Table {
  /// The table for a terminal, within its width.
  ///
  /// Columns are as wide as their widest cell, counted in terminal cells. When they do not fit, the widest columns
  /// shrink and their cells wrap at spaces; what cannot be broken is cut and ends in `…`.
  ///
  /// - Parameters:
  ///   - width: The room in cells; `nil` for no limit.
  ///   - style: Whether headings are bold and the rule is a Unicode line.
  public func terminal(width: Int? = nil, style: TerminalStyle = .plain) -> String {
    let widths = fittedWidths(width)
    var text = caption.map { style.bold($0) + "\n" } ?? ""
    text += line(columns.map(\.name), widths) { style.bold($0) }
    text += widths.map { String(repeating: style.unicode ? "─" : "-", count: $0) }.joined(separator: "  ") + "\n"
    for row in rows { text += line(row, widths) { $0 } }
    return text
  }

  private func fittedWidths(_ room: Int?) -> [Int] {
    var widths = columns.indices.map { index in
      rows.reduce(max(TextWidth.cells(columns[index].name), 1)) { max($0, TextWidth.cells(Self.oneLine($1[index]))) }
    }
    guard let room else { return widths }
    let gaps = 2 * max(columns.count - 1, 0)
    // Nothing is cut as long as lines can be broken at spaces; then numbers stay whole as long as anything else can
    // give way: headings wrap first, then words, then numbers.
    let words = columns.indices.map { index in
      rows.reduce(longestWord(columns[index].name)) { max($0, longestWord(Self.oneLine($1[index]))) }
    }
    let floors = columns.indices.map { index in
      columns[index].alignment == .leading
        ? 8 : max(rows.reduce(0) { max($0, TextWidth.cells($1[index])) }, longestWord(columns[index].name))
    }
    for floor in [words, floors, columns.map { _ in 4 }] {
      while widths.reduce(gaps, +) > room {
        let candidates = widths.indices.filter { widths[$0] > floor[$0] }
        guard let index = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
        widths[index] -= 1
      }
    }
    return widths
  }

  private func longestWord(_ text: String) -> Int {
    text.split(separator: " ").reduce(0) { max($0, TextWidth.cells(String($1))) }
  }

  /// One row of cells, over as many lines as its longest cell needs.
  private func line(_ cells: [String], _ widths: [Int], decorate: (String) -> String) -> String {
    let wrapped = zip(cells, widths).map { Self.wrapped($0, to: $1) }
    let height = wrapped.map(\.count).max() ?? 1
    var text = ""
    for row in 0..<height {
      var line = ""
      for (index, lines) in wrapped.enumerated() {
        let cell = row < lines.count ? lines[row] : ""
        let padding = String(repeating: " ", count: max(0, widths[index] - TextWidth.cells(cell)))
        let shown = cell.isEmpty ? "" : decorate(cell)
        let isLast = index == wrapped.count - 1
        switch columns[index].alignment {
        case .leading: line += shown + (isLast ? "" : padding)
        case .trailing: line += padding + shown
        }
        if !isLast { line += "  " }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      text += line + "\n"
    }
    return text
  }

  /// Text on one line, without control characters.
  static func oneLine(_ text: String) -> String {
    String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter { TextWidth.cells($0) > 0 })
  }

  private static func wrapped(_ text: String, to room: Int) -> [String] {
    let single = oneLine(text)
    guard TextWidth.cells(single) > room else { return [single] }
    var lines: [String] = []
    var line = ""
    for word in single.split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if TextWidth.cells(longer) <= room {
        line = longer
      } else {
        if !line.isEmpty { lines.append(line) }
        line = TextWidth.cut(String(word), toCells: room)
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
