import TableFormats
import Testing

/// All rows of a reader as text, bad rows as their problem.
enum Row: Equatable {
  case fields([String?])
  case bad(RowProblem)
}

func rows(_ reader: consuming some TableReader & ~Copyable) throws -> [Row] {
  var reader = reader
  var result: [Row] = []
  while let batch = try reader.next() {
    for row in 0..<batch.rowCount {
      if let problem = batch.problem(ofRow: row) {
        result.append(.bad(problem))
      } else {
        result.append(.fields((0..<batch.columnCount).map { batch.text(row: row, column: $0) }))
      }
    }
  }
  return result
}

func csv(_ text: String, columns: [String]? = nil) throws -> [Row] {
  try rows(CSVReader(ByteSource(Array(text.utf8), name: "test"), columns: columns))
}

@Suite struct `CSV reader` {
  @Test func `quotes delimiters and line breaks inside fields survive`() throws {
    #expect(
      try csv("a,b\r\n\"x,\"\"y\"\"\",\"line\r\nbreak\"\r\n,\"\"\r\nlast,row")
        == [.fields(["x,\"y\"", "line\r\nbreak"]), .fields(["", ""]), .fields(["last", "row"])])
  }

  @Test func `a byte order mark and empty lines are no data`() throws {
    #expect(try csv("\u{feff}a,b\n\n1,2\n\r\n3,4\n") == [.fields(["1", "2"]), .fields(["3", "4"])])
    #expect(try csv("a\n1\n\n2\n") == [.fields(["1"]), .fields([""]), .fields(["2"])])
  }

  @Test func `malformed rows are named and the next row is sound`() throws {
    #expect(
      try csv("a,b\n1\n1,2,3\nx\"y,2\n\"x\"y,2\nok,yes\n\"open,1\nrest")
        == [
          .bad(.fieldCount), .bad(.fieldCount), .bad(.quote), .bad(.quote), .fields(["ok", "yes"]),
          .bad(.unterminatedQuote),
        ])
  }

  @Test func `bad rows of several lines are told from those of one`() throws {
    #expect(
      try csv("a,b\n\"x\ny\"z,1\nok,yes\n\"x\r\ny\"\nok,yes\n\"x\"\n1,\"x\ny\"\n\"x\ny\"")
        == [
          .bad(.severalLines), .fields(["ok", "yes"]), .bad(.severalLines), .fields(["ok", "yes"]), .bad(.fieldCount),
          .fields(["1", "x\ny"]), .bad(.severalLines),
        ])
  }

  @Test func `columns come in the order asked for`() throws {
    #expect(try csv("a,b,c\n1,2,3\n", columns: ["c", "a"]) == [.fields(["3", "1"])])
  }

  @Test func `line numbers count line breaks inside quotes`() throws {
    let text = "a,b\n\"1\n1\",2\n\nbad\n3,4\n"
    var reader = try CSVReader(ByteSource(Array(text.utf8), name: "test"))
    let batch = try #require(try reader.next())
    #expect((0..<batch.rowCount).map { batch.line(ofRow: $0) } == [2, 5, 6])
  }

  @Test func `missing ambiguous and absent headers are refused by name`() throws {
    #expect(throws: TableError.self) { try csv("") }
    let missing = #expect(throws: TableError.self) { try csv("a,b\n1,2\n", columns: ["z"]) }
    #expect(missing?.code == .missingColumn && missing?.column == "z")
    let repeated = #expect(throws: TableError.self) { try csv("a,a\n1,2\n", columns: ["a"]) }
    #expect(repeated?.code == .repeatedColumn)
    #expect(try csv("a,b\n") == [])
  }

  @Test(arguments: [1, 7, 40_000, 300_000]) func `block borders change nothing`(length: Int) throws {
    var text = "id,text,number\n"
    var expected: [Row] = []
    var bytes = 0
    var id = 0
    while bytes < 3 * max(length, 131_072) {
      let body = String(repeating: id.isMultiple(of: 3) ? "x" : "é", count: length)
      let quoted = id.isMultiple(of: 2)
      let field = quoted ? "\"\(body)\"\"\n,\"" : body
      let row = "\(id),\(field),\(id * 7)\n"
      text += row
      bytes += row.utf8.count
      expected.append(.fields(["\(id)", quoted ? body + "\"\n," : body, "\(id * 7)"]))
      id += 1
    }
    #expect(try csv(text) == expected)
  }

  @Test func `random tables of every byte that matters read back`() throws {
    var generator = SystemRandomNumberGenerator()
    let alphabet = ["a", "\"", ",", "\n", "\r\n", "é", "0"]
    for _ in 0..<300 {
      let table = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        (0..<3).map { _ in
          (0..<Int.random(in: 0...9, using: &generator)).map { _ in alphabet.randomElement() ?? "a" }.joined()
        }
      }
      let text =
        "x,y,z\n"
        + table.map { row in
          row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",") + "\r\n"
        }.joined()
      #expect(try csv(text) == table.map { .fields($0) })
    }
  }

  @Test func `spark transform rows have no quotes and a null`() throws {
    let text = "a\u{1}\"b\n\\N\u{1}\tc\r\n"
    let reader = try CSVReader(
      ByteSource(Array(text.utf8), name: "test"), headerless: ["p", "q"], dialect: .sparkTransform)
    #expect(try rows(reader) == [.fields(["a", "\"b"]), .fields([nil, "\tc"])])
  }

  @Test func `rows far shorter than the header overflow nothing`() throws {
    let text = (0..<500).map { "c\($0)" }.joined(separator: ",") + "\n" + String(repeating: "x\n", count: 40_000)
    let found = try csv(text, columns: ["c7"])
    #expect(found.count == 40_000 && found.allSatisfy { $0 == .bad(.fieldCount) })
  }
}
