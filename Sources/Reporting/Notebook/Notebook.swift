private import Glibc

/// A script that reads like a paper and fails like a test.
///
/// A notebook is a `main.swift` in percent format: `// %% [markdown]` starts a cell of prose, `// %%` one of code.
/// The program runs as any other; what it shows is put behind the cell that showed it, and ``finish()`` writes prose,
/// code and outputs in reading order.
///
/// ```swift
/// // %% [markdown]
/// // # What ε means
/// // %%
/// let notebook = Notebook()
/// notebook.show(plot)
/// notebook.check("the ratio never exceeds e^ε", worst <= bound)
/// notebook.finish()
/// ```
///
/// | option | what is written |
/// |---|---|
/// | none | Markdown with inline SVG, on standard output |
/// | `--html FILE` | one self-contained page without scripts |
/// | `--ipynb FILE` | a Jupyter document with its outputs |
/// | `--check FILE` | nothing; compares with a committed Markdown report, numbers to a tolerance |
/// | `--quick` | smaller work, for tests; see ``isQuick`` |
///
/// A failed check, or a difference found by `--check`, ends the process with code 1; a wrong option with code 64.
///
/// **Edge cases**: where the source is not on the disk, as with an installed binary, outputs are written alone.
public final class Notebook {
  /// Something that a cell showed.
  enum Output: Hashable {
    case text(String)
    case table(Table)
    case figure(Figure)
    case check(claim: String, holds: Bool)
    indirect case varying(Output)
  }

  /// An output with the line of the call that made it.
  struct Placed: Hashable {
    var line: Int
    var output: Output
  }

  /// Whether the notebook should do less work: fewer samples and rounds, the same claims.
  public let isQuick: Bool

  private let options: NotebookOptions
  private let source: NotebookSource?
  private var outputs: [Placed] = []

  /// Starts a notebook with the options of the process.
  ///
  /// - Parameter file: The source to interleave with; the calling file.
  public init(file: String = #filePath) {
    do {
      options = try NotebookOptions(Array(CommandLine.arguments.dropFirst()))
    } catch {
      StandardError.write(error.message + "\n")
      exit(64)
    }
    isQuick = options.isQuick
    source = TextFile.read(file).map(NotebookSource.init)
  }

  /// A notebook over given source text, for tests.
  package init(source: String?) {
    options = NotebookOptions.standard
    isQuick = false
    self.source = source.map(NotebookSource.init)
  }

  /// Shows a line of text.
  ///
  /// - Parameters:
  ///   - text: What is shown.
  ///   - varies: Whether it differs from run to run, as measured times and true noise do; it is marked as such and not
  ///     compared with the committed report.
  public func show(_ text: String, varies: Bool = false, line: Int = #line) {
    place(.text(text), varies, line)
  }

  /// Shows a table, one that ``show(_:varies:line:)-(String,_,_)`` may mark as different from run to run.
  public func show(_ table: Table, varies: Bool = false, line: Int = #line) {
    place(.table(table), varies, line)
  }

  /// Shows a plot; drawings are not compared.
  public func show(_ plot: Plot, line: Int = #line) { place(.figure(.plot(plot)), false, line) }

  /// Shows a heat map.
  public func show(_ map: HeatMap, line: Int = #line) { place(.figure(.heatMap(map)), false, line) }

  /// Shows panels side by side.
  public func show(_ facets: Facets, line: Int = #line) { place(.figure(.facets(facets)), false, line) }

  private func place(_ output: Output, _ varies: Bool, _ line: Int) {
    outputs.append(Placed(line: line, output: varies ? .varying(output) : output))
  }

  /// Shows whether a claim holds; one that does not fails the run.
  public func check(_ claim: String, _ condition: Bool, line: Int = #line) {
    outputs.append(Placed(line: line, output: .check(claim: claim, holds: condition)))
  }

  /// The claims that did not hold.
  package var failedClaims: [String] {
    outputs.compactMap { if case .check(let claim, false) = $0.output { claim } else { nil } }
  }

  /// Prose, code and outputs in reading order.
  package var document: NotebookDocument {
    NotebookDocument(source: source, outputs: outputs)
  }

  /// Writes the notebook as the options say and ends the process.
  public func finish() -> Never {
    let document = document
    var failures = failedClaims.map { "this claim does not hold: \($0)" }
    if let path = options.golden {
      if let golden = TextFile.read(path) {
        failures += NotebookComparison.differences(of: document.markdown(), from: golden)
      } else {
        failures.append("cannot read \(path)")
      }
    } else if options.html == nil, options.jupyter == nil, !options.isSilent {
      print(document.markdown(), terminator: "")
    }
    for (path, text) in [(options.html, document.html), (options.jupyter, document.jupyter)] {
      if let path, !TextFile.write(text(), to: path) { failures.append("cannot write \(path)") }
    }
    for failure in failures { StandardError.write(failure + "\n") }
    exit(failures.isEmpty ? 0 : 1)
  }
}
