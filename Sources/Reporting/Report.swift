/// A report: headings, prose, tables, plots, claims and command lines, written as one self-contained HTML page
/// without scripts, or as Markdown.
///
/// All text is escaped; only spans between backticks have a meaning, as code. The page asks nothing of the network,
/// reads well from a phone to a desktop, prints, and follows the reader's light or dark setting.
///
/// ```swift
/// var report = Report(title: "Visits by city", summary: "Counts with ε = 1.")
/// report.section("Result")
/// report.table(table)
/// report.plot(plot)
/// try output.write(report.html())
/// ```
public struct Report: Sendable, Hashable {
  /// One line of a claims box: a name and what is claimed, exactly.
  public struct Claim: Sendable, Hashable {
    /// What the claim is about: `unit of privacy`, `adjacency`, `ε`, `δ`, `accountant`.
    public var name: String

    /// The exact claim.
    public var value: String

    /// Makes a claim.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One part of a report, in reading order.
  enum Block: Sendable, Hashable {
    case section(String)
    case heading(String)
    case paragraph(String)
    case note(String)
    case list([String])
    case figures([Claim])
    case claims(String, [Claim])
    case table(Table)
    case figure(Figure, caption: String?)
    case commands([String], caption: String?)
    case output(String)
  }

  /// The title of the page and its first heading.
  public var title: String

  /// A sentence or two under the title.
  public var summary: String?

  /// The language of the text, as a BCP 47 tag.
  public var language: String

  private(set) var blocks: [Block] = []

  /// Makes an empty report.
  public init(title: String, summary: String? = nil, language: String = "en") {
    self.title = title
    self.summary = summary
    self.language = language
  }

  /// Starts a section; a report of three or more gets a table of contents.
  public mutating func section(_ title: String) { blocks.append(.section(title)) }

  /// A heading inside a section.
  public mutating func heading(_ title: String) { blocks.append(.heading(title)) }

  /// A paragraph.
  public mutating func paragraph(_ text: String) { blocks.append(.paragraph(text)) }

  /// A paragraph set apart: a limit, a warning, a reason.
  public mutating func note(_ text: String) { blocks.append(.note(text)) }

  /// A list of short texts.
  public mutating func list(_ items: [String]) { blocks.append(.list(items)) }

  /// A row of large numbers with their names, for the few results a reader should leave with.
  public mutating func keyFigures(_ figures: [Claim]) { blocks.append(.figures(figures)) }

  /// A box with the exact claims of a private result.
  public mutating func claims(_ title: String, _ claims: [Claim]) { blocks.append(.claims(title, claims)) }

  /// A table.
  public mutating func table(_ table: Table) { blocks.append(.table(table)) }

  /// A plot, drawn once for wide and once for narrow pages.
  public mutating func plot(_ plot: Plot, caption: String? = nil) { figure(.plot(plot), caption: caption) }

  /// A plot, heat map or facets, drawn once for wide and once for narrow pages.
  public mutating func figure(_ figure: Figure, caption: String? = nil) {
    blocks.append(.figure(figure, caption: caption))
  }

  /// Command lines that reproduce a result, one a line.
  public mutating func commands(_ lines: [String], caption: String? = nil) {
    blocks.append(.commands(lines, caption: caption))
  }

  /// Text in a fixed-width face, as a program printed it.
  public mutating func output(_ text: String) { blocks.append(.output(text)) }
}
