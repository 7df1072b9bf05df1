private import CKernels

/// A keyed, deterministic generator for simulations: data, partitions, initial weights, cohorts and batches.
///
/// The stream is ChaCha20 under a key derived from a seed and a path of labels, so that any part of a simulation can
/// draw from its own independent stream, in any order and on any thread, and still see the same words:
///
/// ```swift
/// let root = SimulationGenerator(seed: 1, stream: "clients")
/// var batches = root.substream("batches").substream(clientIndex)
/// ```
///
/// A seed is public. Nothing drawn from here protects anybody: no mechanism accepts this type where a value is
/// released.
@safe
public struct SimulationGenerator: Sendable {
  private typealias Block = InlineArray<32, UInt64>

  private let key: InlineArray<8, UInt32>
  private var position: UInt64 = 0
  private var block = Block(repeating: 0)
  private var blockIndex = UInt64.max

  /// The stream called `stream` under `seed`.
  public init(seed: UInt64, stream: String = "") {
    let root = InlineArray<8, UInt32> { index in
      switch index {
      case 0: UInt32(truncatingIfNeeded: seed)
      case 1: UInt32(truncatingIfNeeded: seed >> 32)
      default: 0x7369_6d00 + UInt32(index)
      }
    }
    self = SimulationGenerator(key: root).substream(stream)
  }

  private init(key: InlineArray<8, UInt32>) {
    self.key = key
  }

  /// An independent stream for `label`, whatever has been drawn from this one.
  public func substream(_ label: String) -> SimulationGenerator {
    var derived = derive(from: key, 1, UInt64(label.utf8.count))
    var chunk: UInt64 = 0
    var count: UInt64 = 0
    for byte in label.utf8 {
      chunk |= UInt64(byte) << (8 * (count % 8))
      count += 1
      if count % 8 == 0 {
        derived = derive(from: derived, 2, chunk)
        chunk = 0
      }
    }
    return SimulationGenerator(key: derive(from: derived, 3, chunk))
  }

  /// An independent stream for `index`, whatever has been drawn from this one.
  public func substream(_ index: UInt64) -> SimulationGenerator {
    SimulationGenerator(key: derive(from: key, 4, index))
  }

  /// An independent stream for a non-negative `index`, whatever has been drawn from this one.
  ///
  /// - Precondition: `index` is not negative.
  public func substream(_ index: Int) -> SimulationGenerator {
    substream(UInt64(index))
  }

  /// How many words have been drawn, which tells whether two runs drew alike.
  package var wordsDrawn: UInt64 { position }

  /// The word at `index` of this stream.
  public subscript(_ index: UInt64) -> UInt64 {
    var reader = self
    reader.position = index
    return reader.next()
  }

  /// The next uniform 64-bit word.
  public mutating func next() -> UInt64 {
    let wanted = position / 32
    if wanted != blockIndex {
      unsafe withUnsafePointer(to: key) { keyPointer in
        unsafe withUnsafeMutablePointer(to: &block) { output in
          unsafe tacit_chacha20(
            UnsafeRawPointer(keyPointer).assumingMemoryBound(to: UInt32.self), wanted * 4, 0,
            UnsafeMutableRawPointer(output).assumingMemoryBound(to: UInt8.self), 4)
        }
      }
      blockIndex = wanted
    }
    let word = block[Int(position % 32)]
    position += 1
    return UInt64(littleEndian: word)
  }

  /// Overwrites all of `bytes` with the words that ``next()`` would give, little-endian; a last partial word is
  /// spent whole.
  public mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
    var written = 0
    // Whole kilobytes on a block boundary are written in place, eight blocks side by side.
    while written < bytes.count {
      let blocks = (bytes.count - written) / 64
      if position % 8 == 0, blocks >= 8, let base = bytes.baseAddress {
        unsafe withUnsafePointer(to: key) { keyPointer in
          unsafe tacit_chacha20(
            UnsafeRawPointer(keyPointer).assumingMemoryBound(to: UInt32.self), position / 8, 0,
            (base + written).assumingMemoryBound(to: UInt8.self), blocks)
        }
        position += UInt64(blocks) * 8
        written += blocks * 64
        continue
      }
      unsafe withUnsafeBytes(of: next().littleEndian) { word in
        let step = min(8, bytes.count - written)
        for offset in 0..<step { unsafe bytes[written + offset] = word[offset] }
        written += step
      }
    }
  }

  private func derive(
    from key: InlineArray<8, UInt32>, _ domain: UInt64, _ value: UInt64
  ) -> InlineArray<8, UInt32> {
    var output = InlineArray<16, UInt32>(repeating: 0)
    unsafe withUnsafePointer(to: key) { keyPointer in
      unsafe withUnsafeMutablePointer(to: &output) { bytes in
        unsafe tacit_chacha20(
          UnsafeRawPointer(keyPointer).assumingMemoryBound(to: UInt32.self), value, domain,
          UnsafeMutableRawPointer(bytes).assumingMemoryBound(to: UInt8.self), 1)
      }
    }
    return InlineArray<8, UInt32> { UInt32(littleEndian: output[$0]) }
  }
}

extension SimulationGenerator: RandomWords {}

extension SimulationGenerator {
  /// A uniform integer in `0 ..< bound`.
  ///
  /// - Precondition: `bound` is positive.
  public mutating func uniform(below bound: Int) -> Int {
    precondition(bound > 0, "an empty range has no uniform element")
    return uniform(in: 0..<bound)
  }

  /// A uniform multiple of 2^-53 in `0 ..< 1`.
  public mutating func uniformUnit() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A uniformly random order of `elements` (Fisher and Yates).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, uniform(below: last + 1))
    }
  }
}
