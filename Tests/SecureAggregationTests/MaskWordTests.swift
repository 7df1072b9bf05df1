import CKernels
import SecureRandom
import Testing

@Suite struct MaskWordTests {
  @Test func `words of three bytes are added and taken away, the same by every path and at every length`() {
    var generator = SimulationGenerator(seed: 3, stream: "mask words")
    for count in Array(0...40) + [1_000, 4_099] {
      let start = (0..<count).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
      let bytes = (0..<3 * count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      for subtract in [Int32(0), 1] {
        let expected = (0..<count).map { index in
          let word = (0..<3).reduce(UInt32(0)) { $0 | UInt32(bytes[3 * index + $1]) << UInt32(8 * $1) }
          return (subtract == 1 ? start[index] &- word : start[index] &+ word) & 0xff_ffff
        }
        var (fast, plain) = (start, start)
        unsafe tacit_mask_words24(&fast, bytes, count, subtract)
        unsafe tacit_mask_words24_portable(&plain, bytes, count, subtract)
        #expect(fast.map { $0 & 0xff_ffff } == expected)
        #expect(plain.map { $0 & 0xff_ffff } == expected)
      }
    }
  }
}
