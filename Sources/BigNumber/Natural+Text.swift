import CGMP

extension Natural {
  /// Hexadecimal digits of either case, any length, leading zeros allowed; nil for anything else or no digit.
  package init?(hexadecimal text: some StringProtocol) {
    var bytes: [UInt8] = []
    let digits = Array(text.utf8)
    guard !digits.isEmpty else { return nil }
    bytes.reserveCapacity(digits.count / 2 + 1)
    var pending: UInt8? = digits.count % 2 == 0 ? nil : 0
    for digit in digits {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
      default: return nil
      }
      if let high = pending {
        bytes.append(high << 4 | value)
        pending = nil
      } else {
        pending = value
      }
    }
    self.init(bytes: bytes)
  }

  /// Decimal digits, leading zeros allowed; nil for anything else or no digit.
  package init?(decimal text: some StringProtocol) {
    let digits = Array(text.utf8)
    guard !digits.isEmpty, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
    self.init()
    let terminated = digits.map { CChar(bitPattern: $0) } + [0]
    _ = unsafe write { target in
      unsafe terminated.withUnsafeBufferPointer { unsafe __gmpz_set_str(target, $0.baseAddress, 10) }
    }
  }

  /// Lower-case hexadecimal without leading zeros.
  package var hexadecimal: String { text(base: 16) }

  /// Decimal digits without leading zeros.
  package var decimal: String { text(base: 10) }

  private func text(base: Int32) -> String {
    unsafe read { source in
      let capacity = Int(unsafe __gmpz_sizeinbase(source, base)) + 2
      return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
        _ = unsafe __gmpz_get_str(buffer.baseAddress, base, source)
        let text = unsafe String(cString: buffer.baseAddress.unsafelyUnwrapped)
        unsafe buffer.update(repeating: 0)
        return text
      }
    }
  }
}
