/// Parses one JSON object of a line, in place: escapes of wanted strings are resolved inside the batch's bytes.
@safe
struct JSONObjectParser {
  private let bytes: UnsafeMutableRawBufferPointer
  private let start: Int
  private let end: Int
  private var position: Int
  private static let deepest = 64

  init(_ bytes: UnsafeMutableRawBufferPointer, start: Int, end: Int) {
    unsafe self.bytes = bytes
    self.start = start
    self.end = end
    position = start
  }

  /// Two offsets for each of `count` absent members.
  static func absent(_ count: Int) -> [UInt32] {
    (0..<(2 * count)).map { $0.isMultiple(of: 2) ? 1 : 0 }
  }

  /// Whether the line holds nothing but spaces.
  var isBlank: Bool {
    (start..<end).allSatisfy { isSpace(unsafe bytes[$0]) }
  }

  /// The ranges of the named members, or `nil` when the line is malformed.
  mutating func parse(_ names: [[UInt8]]) -> [UInt32]? {
    var ranges = JSONObjectParser.absent(names.count)
    var seen = [Bool](repeating: false, count: names.count)
    skipSpace()
    guard take("{") else { return nil }
    skipSpace()
    if !take("}") {
      repeat {
        skipSpace()
        guard take("\""), let name = string() else { return nil }
        skipSpace()
        guard take(":") else { return nil }
        skipSpace()
        if let index = names.firstIndex(where: { matches(name, $0) }) {
          guard !seen[index], let value = scalar() else { return nil }
          seen[index] = true
          ranges[2 * index] = UInt32(truncatingIfNeeded: value.lowerBound)
          ranges[2 * index + 1] = UInt32(truncatingIfNeeded: value.upperBound)
          if value == JSONObjectParser.null {
            ranges[2 * index] = 1
            ranges[2 * index + 1] = 0
          }
        } else {
          guard skipValue(depth: 0) else { return nil }
        }
        skipSpace()
      } while take(",")
      guard take("}") else { return nil }
    }
    skipSpace()
    return position == end ? ranges : nil
  }

  /// Stands for `null`; no field can lie there, because the line begins before it.
  private static let null = Int.max - 1..<Int.max - 1

  private func matches(_ range: Range<Int>, _ name: [UInt8]) -> Bool {
    guard range.count == name.count else { return false }
    for index in 0..<name.count where unsafe bytes[range.lowerBound + index] != name[index] { return false }
    return true
  }

  private func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0d
  }

  private mutating func skipSpace() {
    while position < end, isSpace(unsafe bytes[position]) { position += 1 }
  }

  private var current: UInt8? { position < end ? unsafe bytes[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  private mutating func take(word: StaticString) -> Bool {
    guard position + word.utf8CodeUnitCount <= end else { return false }
    for index in 0..<word.utf8CodeUnitCount where unsafe bytes[position + index] != word.utf8Start[index] {
      return false
    }
    position += word.utf8CodeUnitCount
    return true
  }

  /// A string, number, boolean or null.
  private mutating func scalar() -> Range<Int>? {
    switch current {
    case UInt8(ascii: "\""):
      position += 1
      return string()
    case UInt8(ascii: "n"):
      return take(word: "null") ? JSONObjectParser.null : nil
    case UInt8(ascii: "t"):
      let from = position
      return take(word: "true") ? from..<position : nil
    case UInt8(ascii: "f"):
      let from = position
      return take(word: "false") ? from..<position : nil
    default:
      return number()
    }
  }

  private mutating func number() -> Range<Int>? {
    let from = position
    _ = take("-")
    if take("0") {
    } else {
      guard digits() else { return nil }
    }
    if take("."), !digits() { return nil }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() else { return nil }
    }
    return from..<position
  }

  private mutating func digits() -> Bool {
    let from = position
    while let byte = current, byte >= 0x30, byte <= 0x39 { position += 1 }
    return position > from
  }

  private mutating func skipValue(depth: Int) -> Bool {
    guard depth < JSONObjectParser.deepest else { return false }
    skipSpace()
    if take("{") {
      skipSpace()
      if take("}") { return true }
      repeat {
        skipSpace()
        guard take("\""), string() != nil else { return false }
        skipSpace()
        guard take(":"), skipValue(depth: depth + 1) else { return false }
        skipSpace()
      } while take(",")
      return take("}")
    }
    if take("[") {
      skipSpace()
      if take("]") { return true }
      repeat {
        guard skipValue(depth: depth + 1) else { return false }
        skipSpace()
      } while take(",")
      return take("]")
    }
    return scalar() != nil
  }

  /// The rest of a string after its opening quote, escapes resolved in place (they only ever shrink).
  private mutating func string() -> Range<Int>? {
    let from = position
    var write = position
    while let byte = current {
      if byte == UInt8(ascii: "\"") {
        position += 1
        return from..<write
      }
      if byte < 0x20 { return nil }
      if byte != UInt8(ascii: "\\") {
        unsafe bytes[write] = byte
        write += 1
        position += 1
        continue
      }
      position += 1
      guard let scalar = escape() else { return nil }
      for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
        unsafe bytes[write] = unit
        write += 1
      }
    }
    return nil
  }

  /// What follows a backslash.
  private mutating func escape() -> Unicode.Scalar? {
    guard let byte = current else { return nil }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: return nil
    }
    guard let unit = hexUnit() else { return nil }
    guard unit & 0xf800 == 0xd800 else { return Unicode.Scalar(unit) }
    guard unit < 0xdc00, take("\\"), take("u"), let low = hexUnit(), low & 0xfc00 == 0xdc00 else { return nil }
    return Unicode.Scalar(0x10000 + (UInt32(unit) & 0x3ff) << 10 + UInt32(low) & 0x3ff)
  }

  private mutating func hexUnit() -> UInt16? {
    guard position + 4 <= end else { return nil }
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(unsafe bytes[position])).hexDigitValue else { return nil }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
