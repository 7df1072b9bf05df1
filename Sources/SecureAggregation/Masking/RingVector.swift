import SecureRandom

/// A vector of residues modulo 2^32 or 2^64, of which the ring's modulus 2^ringBits is a divisor.
///
/// Arithmetic wraps, so every value is valid and masks are exactly uniform; the reduction to ringBits waits until the
/// vector is written. Up to 24 bits the masks come from three bytes each, and what they leave above bit 23 is dropped
/// then.
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
    if ringBits <= 24 {
      unsafe narrow.withUnsafeMutableBufferPointer { unsafe mask.applyNarrow(to: $0, subtracting: subtracting) }
    } else if isNarrow {
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
    let size = (count * ringBits + 7) / 8
    let mask = UInt64.max >> UInt64(64 - ringBits)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, initialized in
      var pending: UInt64 = 0
      var held = 0
      var next = 0
      for index in 0..<count {
        let value = (isNarrow ? UInt64(narrow[index]) : wide[index]) & mask
        pending |= value << UInt64(held)
        held += ringBits
        guard held >= 64 else { continue }
        // At most 63 bits were held, so the rest of the value starts at 64 less those.
        for byte in 0..<8 { unsafe bytes[next + byte] = UInt8(truncatingIfNeeded: pending >> UInt64(8 * byte)) }
        next += 8
        held -= 64
        pending = held == 0 ? 0 : value >> UInt64(ringBits - held)
      }
      while next < size {
        unsafe bytes[next] = UInt8(truncatingIfNeeded: pending)
        pending >>= 8
        next += 1
      }
      initialized = size
    }
  }

  /// Reads what ``packed()`` wrote, or nil for another length or bits after the last residue.
  init?(packed bytes: [UInt8], _ shape: SumShape) {
    guard bytes.count == RingVector.byteCount(shape) else { return nil }
    self.init(shape)
    let mask = UInt64.max >> UInt64(64 - ringBits)
    var pending: UInt64 = 0
    var held = 0
    var next = 0
    for index in 0..<count {
      var value = pending
      if held < ringBits {
        // Eight bytes more, or as many as there are; the value takes its rest from their low end.
        var word: UInt64 = 0
        let taken = min(8, bytes.count - next)
        for byte in 0..<taken { word |= UInt64(bytes[next + byte]) << UInt64(8 * byte) }
        next += taken
        value |= word << UInt64(held)
        let used = ringBits - held
        pending = used >= 64 ? 0 : word >> UInt64(used)
        held = 8 * taken - used
      } else {
        pending >>= UInt64(ringBits)
        held -= ringBits
      }
      value &= mask
      if isNarrow { narrow[index] = UInt32(truncatingIfNeeded: value) } else { wide[index] = value }
    }
    guard pending == 0 else { return nil }
  }
}
