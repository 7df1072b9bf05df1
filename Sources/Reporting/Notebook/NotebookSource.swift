/// The cells of a script in percent format.
struct NotebookSource: Hashable {
  /// One cell with the lines it covers, counted from 1.
  struct Cell: Hashable {
    enum Kind: Hashable {
      case prose
      case code
    }

    var kind: Kind
    var text: String
    var lines: ClosedRange<Int>
  }

  let cells: [Cell]

  /// Splits a script at its `// %%` lines.
  ///
  /// What stands before the first of them, such as a licence, is left out when it holds only comments and blank lines.
  init(_ text: String) {
    var cells: [Cell] = []
    var kind = Cell.Kind.code
    var collected: [Substring] = []
    var start = 1
    func close(at end: Int) {
      let isPreamble = cells.isEmpty && kind == .code && collected.allSatisfy { $0.isEmpty || $0.hasPrefix("//") }
      let body = Self.body(collected, kind)
      if !isPreamble, !body.isEmpty { cells.append(Cell(kind: kind, text: body, lines: start...max(start, end))) }
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      guard line.hasPrefix("// %%") else {
        collected.append(line)
        continue
      }
      close(at: index)
      kind = line.contains("[markdown]") ? .prose : .code
      collected = []
      start = index + 1
    }
    close(at: lines.count)
    self.cells = cells
  }

  private static func body(_ lines: [Substring], _ kind: Cell.Kind) -> String {
    var text = lines.map { line in
      guard kind == .prose else { return String(line) }
      return String(line.hasPrefix("// ") ? line.dropFirst(3) : line.hasPrefix("//") ? line.dropFirst(2) : line)
    }[...]
    while text.first?.allSatisfy(\.isWhitespace) == true { text.removeFirst() }
    while text.last?.allSatisfy(\.isWhitespace) == true { text.removeLast() }
    return text.joined(separator: "\n")
  }
}
