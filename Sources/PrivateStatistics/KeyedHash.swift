import SecureRandom

/// SipHash-2-4 with 128-bit or 64-bit output: a keyed pseudorandom function for short inputs (Aumasson and Bernstein 2012).
///
/// It chooses which contributions of a unit are kept. The privacy bound holds for any key, even a known one; the
/// key's secrecy makes the choice uniform for whoever writes the data.
struct KeyedHash: Sendable {
  private let k0: UInt64
  private let k1: UInt64

  init(_ k0: UInt64, _ k1: UInt64) {
    self.k0 = k0
    self.k1 = k1
  }

  /// A secret for tables that data may fill, from the key.
  var salt: UInt64 { short(0x7461_626c_6573) }

  /// Hashes bytes.
  func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> Tag {
    var state = State(k0, k1)
    var index = 0
    while index + 8 <= bytes.count {
      state.absorb(unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
      index += 8
    }
    var last = UInt64(truncatingIfNeeded: bytes.count) << 56
    var shift: UInt64 = 0
    while index < bytes.count {
      last |= unsafe UInt64(bytes[index]) << shift
      shift += 8
      index += 1
    }
    state.absorb(last)
    return state.finish()
  }

  /// A hash of bytes that come in pieces.
  var stream: Stream { Stream(state: State(k0, k1)) }

  /// A hash of bytes that come in pieces, each of whole words.
  struct Stream {
    fileprivate var state: State
    private var count = 0

    fileprivate init(state: State) { self.state = state }

    /// Takes in a multiple of eight bytes.
    mutating func absorb(_ bytes: [UInt8]) {
      precondition(bytes.count.isMultiple(of: 8), "pieces must be whole words")
      count += bytes.count
      unsafe bytes.withUnsafeBytes { bytes in
        for place in stride(from: 0, to: bytes.count, by: 8) {
          state.absorb(unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian)
        }
      }
    }

    /// The hash of all, with less than eight last bytes.
    consuming func finish(_ rest: [UInt8]) -> Tag {
      precondition(rest.count < 8, "the rest must be less than a word")
      var last = UInt64(truncatingIfNeeded: count + rest.count) << 56
      for (place, byte) in rest.enumerated() { last |= UInt64(byte) << UInt64(8 * place) }
      state.absorb(last)
      return state.finish()
    }
  }

  /// Hashes `length` bytes that are followed by at least eight readable ones; `union` gathers their set bits.
  @inline(__always)
  func padded(_ text: UnsafeRawPointer, _ length: Int, union: inout UInt64) -> Tag {
    var state = State(k0, k1)
    var place = 0
    while place + 8 <= length {
      let word = unsafe PaddedBytes.word(text, place, length)
      union |= word
      state.absorb(word)
      place += 8
    }
    let word = place < length ? unsafe PaddedBytes.word(text, place, length) : 0
    union |= word
    state.absorb(word | UInt64(truncatingIfNeeded: length) << 56)
    return state.finish()
  }

  /// Hashes words.
  func callAsFunction(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) -> Tag {
    var state = State(k0, k1)
    state.absorb(a)
    state.absorb(b)
    state.absorb(c)
    state.absorb(d)
    state.absorb(32 << 56)
    return state.finish()
  }

  /// SipHash-2-4 with 64-bit output of one word, little-endian.
  @inline(__always)
  func short(_ word: UInt64) -> UInt64 {
    var state = State(short: k0, k1)
    state.absorb(word)
    state.absorb(8 << 56)
    return state.finishShort()
  }

  /// SipHash-2-4 with 64-bit output of several words, little-endian.
  @inline(__always)
  func short(_ words: UnsafePointer<UInt64>, _ count: Int) -> UInt64 {
    var state = State(short: k0, k1)
    for index in 0..<count { state.absorb(unsafe words[index]) }
    state.absorb(UInt64(truncatingIfNeeded: 8 * count) << 56)
    return state.finishShort()
  }

  /// 128 bits, ordered.
  struct Tag: Hashable, Comparable, Sendable {
    var high: UInt64
    var low: UInt64

    static let zero = Tag(high: 0, low: 0)

    @inline(__always)
    static func < (a: Tag, b: Tag) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }
  }

  fileprivate struct State {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    init(_ k0: UInt64, _ k1: UInt64) {
      v0 = k0 ^ 0x736f_6d65_7073_6575
      v1 = k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
      v2 = k0 ^ 0x6c79_6765_6e65_7261
      v3 = k1 ^ 0x7465_6462_7974_6573
    }

    /// For 64-bit output, which has no change of `v1`.
    @inline(__always)
    init(short k0: UInt64, _ k1: UInt64) {
      v0 = k0 ^ 0x736f_6d65_7073_6575
      v1 = k1 ^ 0x646f_7261_6e64_6f6d
      v2 = k0 ^ 0x6c79_6765_6e65_7261
      v3 = k1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    mutating func round() {
      v0 = v0 &+ v1
      v1 = (v1 << 13 | v1 >> 51) ^ v0
      v0 = v0 << 32 | v0 >> 32
      v2 = v2 &+ v3
      v3 = (v3 << 16 | v3 >> 48) ^ v2
      v0 = v0 &+ v3
      v3 = (v3 << 21 | v3 >> 43) ^ v0
      v2 = v2 &+ v1
      v1 = (v1 << 17 | v1 >> 47) ^ v2
      v2 = v2 << 32 | v2 >> 32
    }

    @inline(__always)
    mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    @inline(__always)
    mutating func finishShort() -> UInt64 {
      v2 ^= 0xff
      round()
      round()
      round()
      round()
      return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always)
    mutating func finish() -> Tag {
      v2 ^= 0xee
      round()
      round()
      round()
      round()
      let low = v0 ^ v1 ^ v2 ^ v3
      v1 ^= 0xdd
      round()
      round()
      round()
      round()
      return Tag(high: v0 ^ v1 ^ v2 ^ v3, low: low)
    }
  }
}

/// The secret that decides which contributions of a unit are kept, shared by all workers of one release.
///
/// Draw it once for each release; never derive it from data, never use it twice.
public struct SamplingKey: ~Copyable, Sendable {
  private let words: (UInt64, UInt64)

  /// A fresh key.
  public init() {
    var generator = SecureGenerator()
    words = (generator.next(), generator.next())
  }

  /// A key from its 32 hexadecimal digits.
  ///
  /// - Throws: ``StatisticsError`` for any other text.
  public init(hexadecimal text: String) throws(StatisticsError) {
    guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt64(text.suffix(16), radix: 16)
    else { throw StatisticsError(.invalidQuery, "key", "must be 32 hexadecimal digits") }
    words = (high, low)
  }

  var hash: KeyedHash { KeyedHash(words.0, words.1) }
}
