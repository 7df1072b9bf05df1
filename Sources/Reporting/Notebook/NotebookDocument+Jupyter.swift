extension NotebookDocument {
  /// A Jupyter document (nbformat 4.5) that holds its outputs, so that it can be read without a kernel.
  package func jupyter() -> String {
    var cells: [String] = []
    var executed = 0
    for (index, part) in parts.enumerated() {
      let id = "\"id\": \"cell-\(index + 1)\""
      switch part {
      case .prose(let words):
        cells.append("{\"cell_type\": \"markdown\", \(id), \"metadata\": {}, \"source\": \(Self.lines(words))}")
      case .code(let code, let outputs):
        executed += 1
        let shown = outputs.map { Self.output($0) }.joined(separator: ",\n  ")
        cells.append(
          "{\"cell_type\": \"code\", \(id), \"execution_count\": \(executed), \"metadata\": {}, "
            + "\"source\": \(Self.lines(code)), \"outputs\": [\(shown)]}")
      }
    }
    return """
      {"cells": [
      \(cells.joined(separator: ",\n"))
      ],
      "metadata": {"kernelspec": {"display_name": "Swift", "language": "swift", "name": "swift"},
      "language_info": {"name": "swift", "file_extension": ".swift"}},
      "nbformat": 4, "nbformat_minor": 5}

      """
  }

  private static func output(_ output: Notebook.Output) -> String {
    func display(_ kind: String, _ data: String, plain: String) -> String {
      "{\"output_type\": \"display_data\", \"metadata\": {}, \"data\": "
        + "{\"\(kind)\": \(lines(data)), \"text/plain\": \(lines(plain))}}"
    }
    switch output {
    case .text(let words):
      return "{\"output_type\": \"stream\", \"name\": \"stdout\", \"text\": \(lines(words + "\n"))}"
    case .table(let table): return display("text/html", table.html(), plain: table.terminal())
    case .figure(let figure): return display("image/svg+xml", figure.svg(), plain: figure.terminal())
    case .varying(let inner): return Self.output(inner)
    case .check(let claim, let holds):
      return "{\"output_type\": \"stream\", \"name\": \"stdout\", \"text\": "
        + lines("\(holds ? "✓" : "✗ fails:") \(claim)\n") + "}"
    }
  }

  /// Text as the array of lines that the format asks for.
  private static func lines(_ text: String) -> String {
    let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
    let entries = parts.enumerated().compactMap { index, part -> String? in
      let isLast = index == parts.count - 1
      return isLast && part.isEmpty ? nil : quoted(String(part) + (isLast ? "" : "\n"))
    }
    return "[\(entries.joined(separator: ", "))]"
  }

  /// A JSON string (RFC 8259, section 7).
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
