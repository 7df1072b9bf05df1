import TableFormats
import Testing

@Suite struct `Other formats` {
  private func lines(_ text: String, _ columns: [String]) throws -> [Row] {
    try rows(JSONLinesReader(ByteSource(Array(text.utf8), name: "test"), columns: columns))
  }

  @Test func `JSON members become fields`() throws {
    let text = """
      {"a": 1.5e3, "b": "x\\n\\u00e9\\ud83d\\ude00\\"", "skip": [1, {"deep": [null]}]}

      {"b":null,"a":true}
      {}
      {"b":"é", "a" : -0.5 }\r
      """
    #expect(
      try lines(text, ["a", "b"]) == [
        .fields(["1.5e3", "x\né😀\""]), .fields(["true", nil]), .fields([nil, nil]), .fields(["-0.5", "é"]),
      ])
  }

  @Test(arguments: [
    "{", "[1]", "{\"a\":1}}", "{\"a\":01}", "{\"a\":}", "{\"a\":1,}", "{\"a\":[1]}", "{\"a\":1,\"a\":2}",
    "{\"a\":\"\\x\"}", "{\"a\":\"\\ud800\"}", "{\"a\":nul}", "{\"z\":[1,]}", "{\"a\" 1}", "{\"a\":\"open}",
    "{\"a\":\"tab\tinside\"}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":NaN}",
  ])
  func `malformed lines are bad rows`(line: String) throws {
    #expect(try lines(line + "\n{\"a\":1}\n", ["a"]) == [.bad(.notAnObject), .fields(["1"])])
  }

  @Test func `nesting has a limit instead of a crash`() throws {
    let deep = "{\"z\":" + String(repeating: "[", count: 100_000) + "\n"
    #expect(try lines(deep, ["a"]) == [.bad(.notAnObject)])
  }

  @Test func `gzip with several members is unpacked and damage is named`() throws {
    let plain = try rows(CSVReader(ByteSource(Fixture.gzip, name: "test")))
    #expect(plain == [.fields(["1", "2"]), .fields(["3", "4"])])
    for cut in [3, 10, 20, Fixture.gzip.count - 1] {
      let error = #expect(throws: TableError.self) {
        try rows(CSVReader(ByteSource(Array(Fixture.gzip[..<cut]), name: "test")))
      }
      #expect(error?.code == .damagedCompression)
    }
    var flipped = Fixture.gzip
    flipped[14] ^= 0x40
    #expect(throws: TableError.self) { try rows(CSVReader(ByteSource(flipped, name: "test"))) }
    #expect(throws: TableError.self) {
      try rows(CSVReader(ByteSource(Fixture.gzip + [1, 2, 3], name: "test")))
    }
  }

  @Test func `IDX shapes and lengths are checked`() throws {
    let good: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
    let reader = try IDXReader(ByteSource(good, name: "test"))
    #expect(reader.shape == [2, 3] && reader.itemSize == 3)
    #expect(try reader.readBytes() == [1, 2, 3, 4, 5, 6])
    for bad in [Array(good[..<3]), Array(good[..<10]), Array(good[..<17]), good + [7], [1] + good, []] {
      #expect(throws: TableError.self) { try IDXReader(ByteSource(bad, name: "test")).readBytes() }
    }
    let huge: [UInt8] = [0, 0, 8, 3] + [UInt8](repeating: 0xff, count: 12)
    let error = #expect(throws: TableError.self) { try IDXReader(ByteSource(huge, name: "test")).readBytes() }
    #expect(error?.code == .tooLarge)
  }

  @Test func `a missing file is one line naming it`() {
    let error = #expect(throws: TableError.self) { _ = try ByteSource(path: "/nonexistent/table.csv").readAll() }
    #expect(error?.description == "/nonexistent/table.csv: No such file or directory")
    #expect(throws: TableError.self) { _ = try ByteSource(path: "/").readAll() }
  }
}

enum Fixture {
  /// `a,b`, `1,2` in one gzip member and `3,4` in a second, as Python's `gzip.compress(…, mtime=0)` packs them.
  static let gzip: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xd4, 0x49, 0xe2,
    0x32, 0xd4, 0x31, 0xe2, 0x02, 0x00, 0x7b, 0x07, 0x97, 0x0a, 0x08, 0x00, 0x00, 0x00,
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x33, 0xd6, 0x31, 0xe1,
    0x02, 0x00, 0x3e, 0x2d, 0x72, 0xa9, 0x04, 0x00, 0x00, 0x00,
  ]
}
