/// A table of text cells, written for a terminal, as Markdown or as HTML.
public struct Table: Sendable, Hashable {
  /// One column: its heading and the side its cells stand on.
  public struct Column: Sendable, Hashable {
    /// The side cells stand on.
    public enum Alignment: Sendable, Hashable {
      /// For words.
      case leading
      /// For numbers.
      case trailing
    }

    /// The heading.
    public var name: String

    /// The side cells stand on.
    public var alignment: Alignment

    /// Makes a column.
    public init(_ name: String, _ alignment: Alignment = .leading) {
      self.name = name
      self.alignment = alignment
    }

    /// A column of words.
    public static func text(_ name: String) -> Column { Column(name, .leading) }

    /// A column of numbers.
    public static func number(_ name: String) -> Column { Column(name, .trailing) }
  }

  /// The columns.
  public let columns: [Column]

  /// The cells; every row has one for each column.
  public private(set) var rows: [[String]]

  /// What the table shows; `nil` for none.
  public var caption: String?

  /// Makes a table.
  ///
  /// - Parameters:
  ///   - caption: What the table shows.
  ///   - columns: The columns.
  ///   - rows: Cells, row by row; see ``add(_:)``.
  public init(caption: String? = nil, columns: [Column], rows: [[String]] = []) {
    self.caption = caption
    self.columns = columns
    self.rows = []
    for row in rows { add(row) }
  }

  /// Adds a row.
  ///
  /// **Edge cases**: a short row is filled with empty cells.
  ///
  /// - Precondition: The row has no more cells than there are columns.
  public mutating func add(_ row: [String]) {
    precondition(row.count <= columns.count, "a row has at most one cell for each column")
    rows.append(row + Array(repeating: "", count: columns.count - row.count))
  }

  /// The table as GitHub-flavoured Markdown; pipes, angle brackets and line breaks in cells are escaped.
  public func markdown() -> String {
    var text = caption.map { "**\(Markup.markdownProse($0))**\n\n" } ?? ""
    text += "| " + columns.map { Markup.markdownCell($0.name) }.joined(separator: " | ") + " |\n"
    text += "|" + columns.map { $0.alignment == .leading ? " --- |" : " ---: |" }.joined() + "\n"
    for row in rows {
      text += "| " + row.map(Markup.markdownCell).joined(separator: " | ") + " |\n"
    }
    return text
  }

  /// The table as HTML, in a box that scrolls sideways when the page is narrow.
  public func html() -> String {
    func cell(_ tag: String, _ text: String, _ column: Column) -> String {
      let number = column.alignment == .trailing ? " class=\"n\"" : ""
      let scope = tag == "th" ? " scope=\"col\"" : ""
      return "<\(tag)\(scope)\(number)>\(Markup.prose(text))</\(tag)>"
    }
    let label = Markup.escaped(caption ?? "table")
    var text = "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"\(label)\">\n<table>\n"
    if let caption { text += "<caption>\(Markup.prose(caption))</caption>\n" }
    text += "<thead><tr>" + columns.map { cell("th", $0.name, $0) }.joined() + "</tr></thead>\n<tbody>\n"
    for row in rows {
      text += "<tr>" + zip(row, columns).map { cell("td", $0, $1) }.joined() + "</tr>\n"
    }
    return text + "</tbody>\n</table>\n</div>\n"
  }
}
