import CKernels
import TableFormats
import Testing

@Suite struct `Record scan` {
  /// Rows and where the scan stopped.
  private func scan(_ text: [UInt8], fields: Int, most: Int, portable: Bool) -> ([UInt32], Int) {
    let slots = (0..<fields).map { Int32($0) }
    var ranges = [UInt32](repeating: 0, count: 2 * fields * most)
    var position = 0
    let rows = unsafe slots.withUnsafeBufferPointer { slots in
      unsafe text.withUnsafeBufferPointer { bytes in
        guard let first = slots.baseAddress, let base = bytes.baseAddress else { return 0 }
        var records = unsafe tacit_records(
          delimiter: UInt8(ascii: ","), quote: UInt8(ascii: "\""), fields: UInt32(fields), slots: first,
          step: UInt32(2 * fields))
        return unsafe portable
          ? tacit_scan_records_portable(base, bytes.count, &records, &ranges, most, &position)
          : tacit_scan_records(base, bytes.count, &records, &ranges, most, &position)
      }
    }
    return (Array(ranges[..<(2 * fields * rows)]), position)
  }

  @Test func `both paths find the same records in any bytes`() {
    let alphabet = Array("ab,,\n\n\r\"é".utf8) + [0, 0x0b, 0x2d, 0xac, 0x8a, 0xff]
    for _ in 0..<3_000 {
      let text = (0..<Int.random(in: 1...300)).map { _ in
        Int.random(in: 0..<4) > 0 ? UInt8(ascii: "x") : alphabet[Int.random(in: 0..<alphabet.count)]
      }
      let fields = Int.random(in: 1...3)
      let most = Int.random(in: 1...20)
      let fast = scan(text, fields: fields, most: most, portable: false)
      let portable = scan(text, fields: fields, most: most, portable: true)
      #expect(fast.0 == portable.0 && fast.1 == portable.1)
    }
  }

  @Test func `plain and special records mixed read as a simple parser reads them`() throws {
    for _ in 0..<200 {
      var expected: [Row] = []
      var text = "a,b\n"
      for _ in 0..<Int.random(in: 1...60) {
        let fields = (0..<2).map { _ in String(repeating: "y", count: Int.random(in: 0...40)) }
        switch Int.random(in: 0..<6) {
        case 0:
          text += "\"\(fields[0]),\n\",\(fields[1])\n"
          expected.append(.fields([fields[0] + ",\n", fields[1]]))
        case 1:
          text += fields[0] + "\n"
          if !fields[0].isEmpty { expected.append(.bad(.fieldCount)) }
        default:
          text += fields[0] + "," + fields[1] + (Bool.random() ? "\r\n" : "\n")
          expected.append(.fields(fields))
        }
      }
      #expect(try csv(text) == expected)
    }
  }
}
