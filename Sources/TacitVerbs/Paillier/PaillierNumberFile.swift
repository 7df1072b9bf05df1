import BigNumber
import Crypto
import Paillier

/// A file of encrypted numbers: one object or an array of them, all of one form.
struct PaillierNumberFile {
  /// Numbers as they stand in the file.
  var numbers: [EncryptedNumber<Fresh>]
  /// Whether the form is `{"c":"<hex>"}` with plain residues.
  var isRaw: Bool
  /// The scale of fixed-point numbers, as the user wrote it.
  var scale: String?
  /// Whether the file holds an array.
  var isArray: Bool

  init(numbers: [EncryptedNumber<Fresh>], isRaw: Bool, scale: String?, isArray: Bool) {
    self.numbers = numbers
    self.isRaw = isRaw
    self.scale = scale
    self.isArray = isArray
  }

  /// Reads a file.
  ///
  /// - Throws: ``CommandFailure`` naming the file and the number at fault.
  init(_ path: String, _ key: PaillierPublicKey) throws {
    let bytes = try Input.read(path, limit: 1 << 28)
    let document = try PaillierKeys.naming(path) { () throws(PaillierError) in
      try JSONValue(parsing: bytes, source: "file")
    }
    var objects = [document]
    isArray = false
    if case .array(let values) = document {
      objects = values
      isArray = true
    }
    isRaw = objects.first?["c"] != nil
    scale = objects.first?["tacit"]?["scale"]?.text
    numbers = []
    for (index, object) in objects.enumerated() {
      let place = isArray ? "\(path): number \(index)" : path
      guard (object["c"] != nil) == isRaw, object["tacit"]?["scale"]?.text == scale else {
        throw CommandFailure("\(place): the numbers of a file have one form and one scale")
      }
      if let named = object["tacit"]?["key"]?.text, named != PaillierNumberFile.mark(of: key) {
        throw CommandFailure("\(place): was encrypted under another key")
      }
      // A number that lost digits is another number, and decrypts to nonsense: what we write says its own digest.
      if let check = object["tacit"]?["check"]?.text, check != Self.check(object) {
        throw CommandFailure("\(place): was changed or cut short: its check does not match")
      }
      let raw = isRaw
      let number = try PaillierKeys.naming(place) { () throws(PaillierError) -> EncryptedNumber<Fresh> in
        raw ? try Self.residue(object, key) : try EncryptedNumber<Fresh>(object, key: key)
      }
      numbers.append(number)
    }
  }

  private static func residue(
    _ object: JSONValue, _ key: PaillierPublicKey
  ) throws(PaillierError) -> EncryptedNumber<Fresh> {
    guard let text = object["c"]?.text, text.utf8.count <= 4 * key.ciphertextByteCount,
      let number = Natural(hexadecimal: text)
    else { throw PaillierError(.malformed, "c", "not a ciphertext in hexadecimal") }
    return try EncryptedNumber<Fresh>(key, ciphertext: number, exponent: 0)
  }

  /// The file's text.
  var text: String {
    let objects = numbers.map { number -> JSONValue in
      if isRaw { return .object(["c": .string(number.ciphertext.hexadecimal)]) }
      guard case .object(var members) = number.jsonValue else { return number.jsonValue }
      var own: [String: JSONValue] = ["key": .string(PaillierNumberFile.mark(of: number.publicKey))]
      if let scale { own["scale"] = .string(scale) }
      own["check"] = .string(Self.check(number.jsonValue))
      members["tacit"] = .object(own)
      return .object(members)
    }
    return (isArray ? JSONValue.array(objects) : objects[0]).serialized + "\n"
  }

  /// The first eight bytes of the key's identity in hexadecimal: enough to notice a wrong key, and public.
  ///
  /// Files of python-paillier name no key and are read without this check.
  private static func mark(of key: PaillierPublicKey) -> String {
    hexadecimal(Array(key.id.prefix(8)))
  }

  /// The first eight bytes of SHA-256 over value and exponent as they stand: against accidents, not against attackers,
  /// who can make any ciphertext they like.
  ///
  /// Files of python-paillier carry none and are read without it.
  private static func check(_ object: JSONValue) -> String {
    var exponent = ""
    if case .number(let digits)? = object["e"] { exponent = digits }
    let digest = SHA256.hash(data: Array("\(object["v"]?.text ?? ""):\(exponent)".utf8))
    return hexadecimal(Array(digest.prefix(8)))
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// Refuses to combine files of different forms, scales or lengths.
  func checkCompatible(_ other: PaillierNumberFile, _ path: String) throws {
    guard other.isRaw == isRaw else { throw CommandFailure("\(path): raw and encoded numbers do not mix") }
    guard other.scale == scale else { throw CommandFailure("\(path): the numbers have another scale") }
    guard other.numbers.count == numbers.count else { throw CommandFailure("\(path): another count of numbers") }
  }
}
