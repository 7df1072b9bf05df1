import ExactMath

/// A number as text wrote it: ±`mantissa`·10^`exponent`, exactly, or a longer one kept as a rational.
///
/// **Accepted**: `12`, `-0.5`, `+3.`, `.25`, `1e-3`. **Refused**: empty text, spaces, `NaN`, `inf`, hexadecimal,
/// grouping, exponents beyond ±400.
struct DecimalText {
  let negative: Bool
  let mantissa: UInt64
  let exponent: Int
  /// Set when the digits do not fit 64 bits.
  let long: Rational?

  init?(_ text: UnsafeRawBufferPointer) {
    var index = 0
    let count = text.count
    guard count > 0 else { return nil }
    var negative = false
    let first = unsafe text[0]
    if first == 0x2d || first == 0x2b {
      negative = first == 0x2d
      index = 1
    }
    var mantissa: UInt64 = 0
    var exponent = 0
    var digits = 0
    var overflow = false
    var point = false
    scan: while index < count {
      let byte = unsafe text[index]
      let digit = byte &- 0x30
      if digit <= 9 {
        if mantissa > (UInt64.max - 9) / 10 {
          overflow = true
        } else {
          mantissa = mantissa &* 10 &+ UInt64(digit)
        }
        digits += 1
        if point { exponent -= 1 }
      } else if byte == 0x2e, !point {
        point = true
      } else {
        break scan
      }
      index += 1
    }
    guard digits > 0 else { return nil }
    if index < count {
      guard unsafe text[index] | 0x20 == 0x65 else { return nil }
      index += 1
      var minus = false
      if index < count, unsafe text[index] == 0x2d || text[index] == 0x2b {
        minus = unsafe text[index] == 0x2d
        index += 1
      }
      guard index < count, count - index <= 4 else { return nil }
      var power = 0
      while index < count {
        let digit = unsafe text[index] &- 0x30
        guard digit <= 9 else { return nil }
        power = power * 10 + Int(digit)
        index += 1
      }
      guard power <= 400 else { return nil }
      exponent += minus ? -power : power
    }
    self.negative = negative
    self.mantissa = mantissa
    self.exponent = exponent
    if overflow {
      var clean = unsafe String(decoding: text, as: UTF8.self)
      if clean.hasSuffix(".") { clean.removeLast() }
      guard let value = Rational(clean) else { return nil }
      long = value
    } else {
      long = nil
    }
  }

  /// Whether the digits do not fit 64 bits.
  var isLong: Bool { long != nil }

  /// The value in units of 10⁻⁹, when that is whole and small.
  var billionths: Int128? {
    guard long == nil, exponent <= 0, exponent >= -9 else { return nil }
    var value = Int128(mantissa)
    for _ in 0..<(9 + exponent) { value *= 10 }
    return negative ? -value : value
  }

  /// The exact value.
  var value: Rational {
    if let long { return long }
    let magnitude =
      Rational(Int(mantissa >> 1)) * 2 + Rational(Int(mantissa & 1))
    let scaled =
      exponent >= 0
      ? magnitude * Rational.power(of: 10, exponent) : magnitude / Rational.power(of: 10, -exponent)
    return negative ? -scaled : scaled
  }
}

/// Turns decimal numbers into the nearest multiple of a step, halves away from zero.
struct GridConversion: Hashable, Sendable {
  private let step: Rational
  /// For steps 2^−shift with 0 ≤ shift ≤ 40 the common path is integer arithmetic.
  private let shift: UInt64?

  init(step: Rational) {
    self.step = step
    let inverse = Rational.one / step
    if let whole = inverse.integer, whole > 0, whole & (whole - 1) == 0, whole.trailingZeroBitCount <= 40 {
      shift = UInt64(whole.trailingZeroBitCount)
    } else {
      shift = nil
    }
  }

  func nearest(_ decimal: DecimalText) -> Int { nearest(decimal.value) }

  /// ``shift``, or one that no number of digits passes.
  var quickShift: UInt64 { shift ?? 62 }

  /// Saturates far outside every range that a ``ValueGrid`` may have.
  func nearest(_ value: Rational) -> Int {
    let steps = value.magnitude / step + Rational(1, 2)
    let magnitude = steps.floor ?? Int.max
    return value.signum < 0 ? -magnitude : magnitude
  }
}

/// The common path of a ``ValueGrid``: plain decimals of few digits on a step that is a power of two.
struct QuickGrid: Sendable {
  let lowest: Int
  let highest: Int
  let shift: UInt64

  /// For values that have no grid.
  static let none = QuickGrid(lowest: 0, highest: 0, shift: 62)

  /// The step nearest to a decimal, halves away from zero, clamped; `nil` when the text needs the exact path.
  @inline(__always)
  func index(of text: UnsafeRawPointer, _ length: Int) -> Int? {
    guard length > 0, length <= 18, shift < 62 else { return nil }
    var place = 0
    let negative = unsafe text.load(as: UInt8.self) == 0x2d
    if negative { place = 1 }
    if length - place <= 8 {
      guard let (mantissa, fraction) = unsafe QuickGrid.short(text + place, length - place) else { return nil }
      return step(mantissa, fraction: fraction, negative: negative)
    }
    var mantissa: UInt64 = 0
    var point = -1
    let digits = place
    while place < length {
      let byte = unsafe text.load(fromByteOffset: place, as: UInt8.self)
      let digit = byte &- 0x30
      if digit <= 9 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
      } else if byte == 0x2e, point < 0, place > digits {
        point = place
      } else {
        return nil
      }
      place += 1
    }
    let fraction = point < 0 ? 0 : length - 1 - point
    guard length > digits, fraction <= 6 else { return nil }
    return step(mantissa, fraction: fraction, negative: negative)
  }

  /// At most eight digits and a point, all at once: the digits' number and how many follow the point.
  ///
  /// - Parameter text: `length` bytes with at least eight readable ones after them.
  @inline(__always)
  private static func short(_ text: UnsafeRawPointer, _ length: Int) -> (UInt64, Int)? {
    guard length > 0 else { return nil }
    var word = unsafe PaddedBytes.word(text, 0, length)
    let other = word ^ 0x2e2e_2e2e_2e2e_2e2e
    // The lowest bit set is a true hit.
    let points = (other &- 0x0101_0101_0101_0101) & ~other & 0x8080_8080_8080_8080
    var digits = length
    var fraction = 0
    if points != 0 {
      let bits = UInt64(points.trailingZeroBitCount & ~7)
      guard bits > 0 else { return nil }
      let whole = word & ((1 << bits) &- 1)
      word = whole | ((word >> 8) >> bits) << bits
      digits -= 1
      fraction = digits - Int(bits / 8)
    }
    // Zeros in front make it eight digits.
    let missing = UInt64(truncatingIfNeeded: 8 * (8 - digits))
    word = word << missing | 0x3030_3030_3030_3030 & ((1 << missing) &- 1)
    let high = word & 0xf0f0_f0f0_f0f0_f0f0
    let carried = (word &+ 0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0
    guard high | carried >> 4 == 0x3333_3333_3333_3333 else { return nil }
    word = ((word & 0x0f0f_0f0f_0f0f_0f0f) &* 2561) >> 8
    word = ((word & 0x00ff_00ff_00ff_00ff) &* 6_553_601) >> 16
    word = ((word & 0x0000_ffff_0000_ffff) &* 42_949_672_960_001) >> 32
    return (word, fraction)
  }

  /// A decimal's step.
  @inline(__always)
  private func step(_ mantissa: UInt64, fraction: Int, negative: Bool) -> Int? {
    guard mantissa >> (62 - shift) == 0 else { return nil }
    let scaled = mantissa << shift
    let magnitude: UInt64
    // Constant divisors become multiplications.
    switch fraction {
    case 0: magnitude = scaled
    case 1: magnitude = (scaled &+ 5) / 10
    case 2: magnitude = (scaled &+ 50) / 100
    case 3: magnitude = (scaled &+ 500) / 1_000
    case 4: magnitude = (scaled &+ 5_000) / 10_000
    case 5: magnitude = (scaled &+ 50_000) / 100_000
    default: magnitude = (scaled &+ 500_000) / 1_000_000
    }
    let value = Int(truncatingIfNeeded: magnitude)
    return min(max(negative ? -value : value, lowest), highest)
  }
}
