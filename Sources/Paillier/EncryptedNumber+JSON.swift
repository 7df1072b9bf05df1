private import BigNumber

extension EncryptedNumber where State == Fresh {
  /// The number in python-paillier's form, `{"e":0,"v":"<decimal>"}`.
  public var json: String { jsonValue.serialized }

  package var jsonValue: JSONValue {
    .object(["v": .string(ciphertext.decimal), "e": .number("\(exponent)")])
  }

  /// Reads `{"v":"<decimal>","e":<integer>}`.
  ///
  /// - Throws: ``PaillierError`` naming the field at fault.
  public init(parsingJSON bytes: [UInt8], key: PaillierPublicKey) throws(PaillierError) {
    try self.init(JSONValue(parsing: bytes, source: "number"), key: key)
  }

  package init(_ json: JSONValue, key: PaillierPublicKey) throws(PaillierError) {
    guard let text = json["v"]?.text, text.utf8.count <= 2 * (key.bitWidth / 3 + 2) + 1,
      let number = Natural(decimal: text)
    else { throw PaillierError(.malformed, "v", "not a ciphertext in decimal") }
    guard case .number(let digits)? = json["e"], let exponent = Int(digits), abs(exponent) <= 1 << 16 else {
      throw PaillierError(.malformed, "e", "not an integer exponent")
    }
    try self.init(key, ciphertext: number, exponent: exponent)
  }
}
