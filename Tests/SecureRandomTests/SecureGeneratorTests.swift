import Glibc
import SecureRandom
import Testing

@Suite struct SecureGeneratorTests {
  @Test func `two generators differ, and so do successive words`() {
    var first = SecureGenerator()
    var second = SecureGenerator()
    // 4,000 uniform 64-bit words repeat with probability below 5e-13.
    var seen = Set<UInt64>()
    for _ in 0..<2_000 {
      seen.insert(first.next())
      seen.insert(second.next())
    }
    #expect(seen.count == 4_000)
  }

  @Test(arguments: [0, 1, 7, 8, 63, 64, 1_000, 7_647, 7_648, 7_649, 100_003, 300_001])
  func `fill reaches every byte and nothing beyond`(count: Int) {
    var generator = SecureGenerator()
    var touched = [Bool](repeating: false, count: count)
    // A byte stays zero in all of eight fills with probability 2^-64.
    for _ in 0..<8 {
      var bytes = [UInt8](repeating: 0, count: count + 8)
      unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe generator.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count]))
      }
      for index in 0..<count where bytes[index] != 0 { touched[index] = true }
      #expect(bytes.suffix(8).allSatisfy { $0 == 0 })
    }
    #expect(touched.allSatisfy { $0 })
  }

  @Test func `bytes are uniform by chi-square`() {
    var generator = SecureGenerator()
    var counts = [Double](repeating: 0, count: 256)
    let total = 1 << 20
    for byte in generator.bytes(total) { counts[Int(byte)] += 1 }
    let expected = Double(total) / 256
    let statistic = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    // 255 degrees of freedom: P[χ² > 410] < 1e-9 and P[χ² < 140] < 1e-9.
    #expect(statistic < 410)
    #expect(statistic > 140)
  }

  @Test func `a forked child draws other words than its parent`() throws {
    var generator = SecureGenerator()
    _ = generator.next()
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    typealias Fork = @convention(c) () -> Int32
    let symbol = unsafe dlsym(nil, "fork")
    let fork = unsafe unsafeBitCast(try #require(unsafe symbol), to: Fork.self)
    let child = fork()
    if child == 0 {
      var word = generator.next()
      unsafe write(ends[1], &word, 8)
      _exit(0)
    }
    try #require(child > 0)
    var theirs: UInt64 = 0
    let received = unsafe read(ends[0], &theirs, 8)
    var status: Int32 = 0
    unsafe waitpid(child, &status, 0)
    close(ends[0])
    close(ends[1])
    #expect(received == 8)
    #expect(theirs != generator.next())
  }

  @Test(arguments: [UInt64(1), 2, 3, 5, 100, 255, 256, 257, 1 << 40, (1 << 63) + 1, .max])
  func `uniform integers stay below their bound`(bound: UInt64) {
    var generator = SecureGenerator()
    for _ in 0..<500 {
      #expect(generator.uniform(below: bound) < bound)
      #expect(generator.uniform(below: UInt128(bound) << 32) < UInt128(bound) << 32)
    }
  }

  @Test func `uniform integers below ten are uniform by chi-square`() {
    var generator = SecureGenerator()
    var counts = [Double](repeating: 0, count: 10)
    for _ in 0..<200_000 { counts[Int(generator.uniform(below: UInt64(10)))] += 1 }
    let statistic = counts.reduce(0) { $0 + ($1 - 20_000) * ($1 - 20_000) / 20_000 }
    // 9 degrees of freedom: P[χ² > 60] < 1.4e-9; the bound 62 is below 1e-9.
    #expect(statistic < 62)
  }
}
