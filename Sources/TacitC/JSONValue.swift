/// One JSON value (RFC 8259), numbers as they were written.
indirect enum JSONValue {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The deepest nesting that is read.
  static let deepest = 64

  /// Why text is no JSON.
  struct Malformed: Error {}

  init(parsing text: [UInt8]) throws(Malformed) {
    var parser = Parser(text: text)
    self = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.isAtEnd else { throw Malformed() }
  }

  private struct Parser {
    let text: [UInt8]
    private var place = 0

    init(text: [UInt8]) { self.text = text }

    var isAtEnd: Bool { place == text.count }
    private var next: UInt8? { place < text.count ? text[place] : nil }

    mutating func skipSpace() {
      while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard next == byte else { return false }
      place += 1
      return true
    }

    private mutating func take(_ word: String) -> Bool {
      guard text[place...].starts(with: word.utf8) else { return false }
      place += word.utf8.count
      return true
    }

    mutating func value(depth: Int) throws(Malformed) -> JSONValue {
      guard depth < JSONValue.deepest else { throw Malformed() }
      skipSpace()
      switch next {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      default:
        if take("null") { return .null }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        return .number(try number())
      }
    }

    private mutating func object(depth: Int) throws(Malformed) -> JSONValue {
      place += 1
      var members: [String: JSONValue] = [:]
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      while true {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw Malformed() }
        let name = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw Malformed() }
        guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else { throw Malformed() }
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        guard take(UInt8(ascii: ",")) else { throw Malformed() }
      }
    }

    private mutating func array(depth: Int) throws(Malformed) -> JSONValue {
      place += 1
      var items: [JSONValue] = []
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(items) }
      while true {
        items.append(try value(depth: depth + 1))
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(items) }
        guard take(UInt8(ascii: ",")) else { throw Malformed() }
      }
    }

    private mutating func digits() -> Int {
      let start = place
      while let byte = next, byte >= 0x30, byte <= 0x39 { place += 1 }
      return place - start
    }

    private mutating func number() throws(Malformed) -> String {
      let start = place
      _ = take(UInt8(ascii: "-"))
      let first = next
      let whole = digits()
      guard whole > 0, whole == 1 || first != 0x30 else { throw Malformed() }
      if take(UInt8(ascii: ".")) {
        guard digits() > 0 else { throw Malformed() }
      }
      if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
        if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
        guard digits() > 0 else { throw Malformed() }
      }
      return String(decoding: text[start..<place], as: UTF8.self)
    }

    private mutating func string() throws(Malformed) -> String {
      place += 1
      var bytes: [UInt8] = []
      while let byte = next {
        place += 1
        switch byte {
        case UInt8(ascii: "\""):
          guard let text = String(validating: bytes, as: UTF8.self) else { throw Malformed() }
          return text
        case UInt8(ascii: "\\"): bytes += String(try escape()).utf8
        case 0..<0x20: throw Malformed()
        default: bytes.append(byte)
        }
      }
      throw Malformed()
    }

    private mutating func escape() throws(Malformed) -> Unicode.Scalar {
      guard let byte = next else { throw Malformed() }
      place += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
      case UInt8(ascii: "b"): return "\u{8}"
      case UInt8(ascii: "f"): return "\u{c}"
      case UInt8(ascii: "n"): return "\n"
      case UInt8(ascii: "r"): return "\r"
      case UInt8(ascii: "t"): return "\t"
      case UInt8(ascii: "u"):
        var code = try unit()
        if (0xd800..<0xdc00).contains(code) {
          guard take("\\u") else { throw Malformed() }
          let low = try unit()
          guard (0xdc00..<0xe000).contains(low) else { throw Malformed() }
          code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw Malformed() }
        return scalar
      default: throw Malformed()
      }
    }

    private mutating func unit() throws(Malformed) -> UInt32 {
      guard text.count - place >= 4 else { throw Malformed() }
      var code: UInt32 = 0
      for _ in 0..<4 {
        guard let digit = Character(Unicode.Scalar(text[place])).hexDigitValue else { throw Malformed() }
        code = code << 4 | UInt32(digit)
        place += 1
      }
      return code
    }
  }
}
