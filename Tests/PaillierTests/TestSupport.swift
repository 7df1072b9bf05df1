import BigNumber
import Paillier

/// Lets conditions on noncopyable values into `#expect`.
func holds(_ condition: Bool) -> Bool { condition }

/// A number from hexadecimal text of this package's tests.
func hexadecimal(_ text: String) -> Natural {
  guard let number = Natural(hexadecimal: text) else { return Natural() }
  return number
}

/// A number from decimal text of this package's tests.
func decimal(_ text: String) -> Natural {
  guard let number = Natural(decimal: text) else { return Natural() }
  return number
}

/// Runs a throwing body and returns the code of its refusal, or nil when it succeeded.
func refusal(_ body: () throws(PaillierError) -> Void) -> PaillierError.Code? {
  do throws(PaillierError) {
    try body()
    return nil
  } catch { return error.code }
}

/// One small generated key for tests that need no real size.
///
/// Keys are expensive, so the suite shares it.
enum SharedKey {
  static let json: [UInt8] = {
    do throws(PaillierError) {
      return Array(try PaillierPrivateKey.generate(try KeySize.insecure(bits: 512)).exportSecretJSON().utf8)
    } catch { return [] }
  }()

  static func key() throws(PaillierError) -> PaillierPrivateKey {
    try PaillierPrivateKey(parsingJSON: json, policy: .insecureAnySize)
  }

  /// Another key of the same size.
  static let foreignJSON: [UInt8] = {
    do throws(PaillierError) {
      return Array(try PaillierPrivateKey.generate(try KeySize.insecure(bits: 512)).exportSecretJSON().utf8)
    } catch { return [] }
  }()

  static func foreignKey() throws(PaillierError) -> PaillierPrivateKey {
    try PaillierPrivateKey(parsingJSON: foreignJSON, policy: .insecureAnySize)
  }
}
