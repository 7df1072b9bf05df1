import Paillier

/// Reading key files for the command line.
enum PaillierKeys {
  /// The most bytes of a key file.
  static let limit = 1 << 16

  static func policy(_ options: PaillierKeyOptions) -> KeySizePolicy {
    options.insecureSmallKey ? .insecureAnySize : .standard
  }

  /// The public key of a public or a private key file, JSON or PEM, sealed or not.
  static func publicKey(_ path: String, _ options: PaillierKeyOptions) throws -> PaillierPublicKey {
    try publicKey(try Input.read(path, limit: limit), path, options)
  }

  static func publicKey(
    _ bytes: [UInt8], _ path: String, _ options: PaillierKeyOptions
  ) throws -> PaillierPublicKey {
    try naming(path) { () throws(PaillierError) in
      isPEM(bytes)
        ? try PaillierPublicKey(parsingPEM: bytes, policy: policy(options))
        : try PaillierPublicKey(parsingJSON: bytes, policy: policy(options))
    }
  }

  static func privateKey(_ path: String, _ options: PaillierKeyOptions) throws -> PaillierPrivateKey {
    let bytes = try Input.read(path, limit: limit)
    return try privateKey(bytes, path, options)
  }

  static func privateKey(_ bytes: [UInt8], _ path: String, _ options: PaillierKeyOptions) throws -> PaillierPrivateKey {
    if PaillierPrivateKey.isSealed(bytes) {
      guard let passphrase = try passphrase(options.passphraseFile) else {
        throw CommandFailure("\(path): the key is sealed; --passphrase-file opens it")
      }
      do throws(PaillierError) {
        return try PaillierPrivateKey(parsingSealedJSON: bytes, passphrase: passphrase, policy: policy(options))
      } catch { throw failure(error, path) }
    }
    do throws(PaillierError) {
      if isPEM(bytes) { return try PaillierPrivateKey(parsingPEM: bytes, policy: policy(options)) }
      return try PaillierPrivateKey(parsingJSON: bytes, policy: policy(options))
    } catch { throw failure(error, path) }
  }

  /// An encryptor for the key in a file; a private key that can be opened makes it faster.
  static func encryptor(
    _ path: String, _ options: PaillierKeyOptions, uses: Int, variableTime: Bool = false, tableBytes: Int? = nil
  ) throws -> Encryptor {
    let bytes = try Input.read(path, limit: limit)
    let isOpen = !PaillierPrivateKey.isSealed(bytes) || options.passphraseFile != nil
    if isOpen, PaillierPrivateKey.isPrivateKeyFile(bytes), !ThresholdShare.isShareFile(bytes) {
      let key = try privateKey(bytes, path, options)
      do throws(PaillierError) {
        return try Encryptor(key, variableTime: variableTime, tableBytes: tableBytes)
      } catch { throw failure(error, path) }
    }
    // Tables pay from about a dozen encryptions on.
    let key = try publicKey(bytes, path, options)
    do throws(PaillierError) {
      return try Encryptor(
        key, noise: uses < 12 ? .exact : .automatic, variableTime: variableTime, tableBytes: tableBytes)
    } catch { throw failure(error, path) }
  }

  /// The bytes of a passphrase file without a newline at the end, or nil for no file.
  static func passphrase(_ path: String?) throws -> [UInt8]? {
    guard let path else { return nil }
    var bytes = try Input.read(path, limit: limit)
    if bytes.last == 0x0A { bytes.removeLast() }
    guard !bytes.isEmpty else { throw CommandFailure("\(path): a passphrase is not empty") }
    return bytes
  }

  private static func isPEM(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("-----BEGIN ".utf8)) }

  /// Runs `body`, naming `source` in its refusals.
  static func naming<Result>(_ source: String, _ body: () throws(PaillierError) -> Result) throws -> Result {
    do throws(PaillierError) {
      return try body()
    } catch { throw failure(error, source) }
  }

  static func failure(_ error: PaillierError, _ source: String) -> CommandFailure {
    var hint = ""
    if error.code == .keySize, error.parameter == "n" || error.parameter == "bits" {
      hint = " (--insecure-small-key accepts it for tests)"
    }
    return CommandFailure("\(source): \(error.description)\(hint)")
  }
}
