import TacitC
import Testing

@Suite struct `C interface` {
  private let text = """
    {"privacy_unit": "rows", "budget": {"epsilon": 1}, "metrics": [{"name": "n", "kind": "count"}]}
    """

  @Test func `a query opens and gives its canonical text`() throws {
    var query: OpaquePointer?
    #expect(unsafe tacitQueryOpen(text, text.utf8.count, &query) == 0)
    defer { unsafe tacitQueryFree(query) }
    var out: UnsafeMutableRawPointer?
    var length = 0
    #expect(unsafe tacitQueryText(query, &out, &length) == 0)
    defer { unsafe tacitBytesFree(out) }
    let canonical = try unsafe String(cString: #require(out).assumingMemoryBound(to: CChar.self))
    #expect(canonical.utf8.count == length && canonical.contains("\"epsilon\":\"1\""))
    #expect(unsafe tacitLastError() == nil)
  }

  @Test func `bad input is a status and a line without data`() throws {
    var query: OpaquePointer?
    for bad in ["", "{", "[]", "{\"a\":1,\"a\":2}", String(repeating: "[", count: 100), text + "x"] {
      #expect(unsafe tacitQueryOpen(bad, bad.utf8.count, &query) == 2)
      #expect(unsafe query == nil && tacitLastError() != nil)
    }
    #expect(unsafe tacitQueryOpen(nil, 0, &query) == 1)
    #expect(unsafe tacitQueryOpen(text, text.utf8.count, nil) == 1)
    var accumulator: OpaquePointer?
    #expect(unsafe tacitAccumulatorOpen(nil, nil, &accumulator) == 1)
    #expect(tacitAccumulatorAddStream(nil, nil, 1) == 1)
    tacitAccumulatorFree(nil)
    tacitQueryFree(nil)
    tacitBytesFree(nil)
  }

  @Test func `a refused charge releases nothing and uses the accumulator up`() throws {
    var query: OpaquePointer?
    #expect(unsafe tacitQueryOpen(text, text.utf8.count, &query) == 0)
    defer { unsafe tacitQueryFree(query) }
    for answer in [Int32(0), 1] {
      var accumulator: OpaquePointer?
      #expect(unsafe tacitAccumulatorOpen(query, nil, &accumulator) == 0)
      defer { unsafe tacitAccumulatorFree(accumulator) }
      var out: UnsafeMutableRawPointer?
      var answer = answer
      let status = unsafe tacitAccumulatorRelease(
        accumulator,
        { context, event, adjacency, label in
          guard unsafe event != nil,
            unsafe String(cString: adjacency ?? label ?? event.unsafelyUnwrapped) == "add-remove"
          else { return 9 }
          return unsafe context?.load(as: Int32.self) ?? 9
        }, &answer, "test", &out, nil)
      #expect(unsafe status == (answer == 0 ? 0 : 6) && (out == nil) == (answer != 0))
      unsafe tacitBytesFree(out)
      #expect(unsafe tacitAccumulatorRelease(accumulator, { _, _, _, _ in 0 }, nil, "test", &out, nil) == 7)
    }
  }
}
