import SecureRandom

/// A vector of residues modulo 2^32 or 2^64, of which the ring's modulus 2^ringBits is a divisor.
///
/// Arithmetic wraps, so every value is valid and masks are exactly uniform; the reduction to ringBits waits until the
/// vector is written.
struct RingVector: Sendable {
  let ringBits: Int
  let count: Int
  private(set) var narrow: [UInt32] = []
  private(set) var wide: [UInt64] = []

  /// Zeros.
  init(_ shape: SumShape) {
    ringBits = shape.ringBits
    count = shape.count
    if ringBits <= 32 {
      narrow = [UInt32](repeating: 0, count: count)
    } else {
      wide = [UInt64](repeating: 0, count: count)
    }
  }

  var isNarrow: Bool { ringBits <= 32 }

  mutating func add(_ values: [Int64]) {
    if isNarrow {
      for index in values.indices { narrow[index] &+= UInt32(truncatingIfNeeded: values[index]) }
    } else {
      for index in values.indices { wide[index] &+= UInt64(bitPattern: values[index]) }
    }
  }

  mutating func add(_ other: RingVector) {
    if isNarrow {
      let from = other.narrow.span
      var to = narrow.mutableSpan
      for index in from.indices { to[index] &+= from[index] }
    } else {
      let from = other.wide.span
      var to = wide.mutableSpan
      for index in from.indices { to[index] &+= from[index] }
    }
  }

  /// Adds or subtracts a mask.
  mutating func apply(_ mask: MaskStream, subtracting: Bool) {
    if isNarrow {
      unsafe narrow.withUnsafeMutableBufferPointer { unsafe mask.apply(to: $0, subtracting: subtracting) }
    } else {
      unsafe wide.withUnsafeMutableBufferPointer { unsafe mask.apply(to: $0, subtracting: subtracting) }
    }
  }

  /// The residue modulo 2^ringBits at an index.
  subscript(index: Int) -> UInt64 {
    let mask = UInt64.max >> UInt64(64 - ringBits)
    return (isNarrow ? UInt64(narrow[index]) : wide[index]) & mask
  }

  /// Bytes of `count` residues of `ringBits` bits.
  static func byteCount(_ shape: SumShape) -> Int { (shape.count * shape.ringBits + 7) / 8 }

  /// The residues one after another, least significant bit first, the last byte filled with zeros.
  func packed() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity((count * ringBits + 7) / 8)
    var pending: UInt128 = 0
    var held = 0
    for index in 0..<count {
      pending |= UInt128(self[index]) << UInt128(held)
      held += ringBits
      while held >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        held -= 8
      }
    }
    if held > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
    return bytes
  }

  /// Reads what ``packed()`` wrote, or nil for another length or bits after the last residue.
  init?(packed bytes: [UInt8], _ shape: SumShape) {
    guard bytes.count == RingVector.byteCount(shape) else { return nil }
    self.init(shape)
    let mask = UInt128(UInt64.max >> UInt64(64 - ringBits))
    var pending: UInt128 = 0
    var held = 0
    var next = 0
    for index in 0..<count {
      while held < ringBits {
        pending |= UInt128(bytes[next]) << UInt128(held)
        held += 8
        next += 1
      }
      let value = UInt64(pending & mask)
      if isNarrow { narrow[index] = UInt32(truncatingIfNeeded: value) } else { wide[index] = value }
      pending >>= UInt128(ringBits)
      held -= ringBits
    }
    guard pending == 0 else { return nil }
  }
}
