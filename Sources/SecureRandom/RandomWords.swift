/// A source of uniform, independent 64-bit words.
///
/// Everything random in the package draws from this: samplers are generic over it, so that tests can feed recorded
/// words and simulations can feed keyed ones. Public release paths name ``SecureGenerator`` and nothing else.
package protocol RandomWords: ~Copyable {
  /// The next uniform word.
  mutating func next() -> UInt64

  /// Overwrites all of `bytes` with uniform bytes.
  mutating func fill(_ bytes: UnsafeMutableRawBufferPointer)
}

extension RandomWords where Self: ~Copyable {
  /// A uniform integer in `0 ..< bound`, exactly uniform.
  ///
  /// Words are masked to the width of `bound - 1` and redrawn while they are too large, so that no modulo bias and
  /// no multiplication is involved and fewer than two words are drawn on average.
  ///
  /// - Precondition: `bound` is not zero.
  package mutating func uniform(below bound: UInt64) -> UInt64 {
    precondition(bound > 0, "an empty range has no uniform element")
    let mask = UInt64.max >> UInt64((bound - 1 | 1).leadingZeroBitCount)
    while true {
      let candidate = next() & mask
      if candidate < bound { return candidate }
    }
  }

  /// A uniform integer in `0 ..< bound`, exactly uniform, of up to 128 bits.
  ///
  /// Bounds of at most 64 bits draw one word a try, wider ones two, the less significant word first.
  ///
  /// - Precondition: `bound` is not zero.
  package mutating func uniform(below bound: UInt128) -> UInt128 {
    guard bound - 1 > UInt128(UInt64.max) else {
      guard let narrow = UInt64(exactly: bound) else { return UInt128(next()) }
      return UInt128(uniform(below: narrow))
    }
    let mask = UInt128.max >> UInt128((bound - 1).leadingZeroBitCount)
    while true {
      let low = UInt128(next())
      let candidate = (UInt128(next()) << 64 | low) & mask
      if candidate < bound { return candidate }
    }
  }

  /// A uniform `Int` in `range`.
  ///
  /// - Precondition: `range` is not empty.
  package mutating func uniform(in range: Range<Int>) -> Int {
    let width = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    return range.lowerBound &+ Int(truncatingIfNeeded: uniform(below: width))
  }
}
