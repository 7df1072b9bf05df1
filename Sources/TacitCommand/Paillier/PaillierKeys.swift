import Paillier

/// Reading key files for the command line.
enum PaillierKeys {
  /// The most bytes of a key file.
  static let limit = 1 << 16

  static func policy(_ options: PaillierKeyOptions) -> KeySizePolicy {
    options.insecureSmallKey ? .insecureAnySize : .standard
  }

  /// The public key of a public or a private key file.
  static func publicKey(_ path: String, _ options: PaillierKeyOptions) throws -> PaillierPublicKey {
    let bytes = try Input.read(path, limit: limit)
    return try naming(path) { () throws(PaillierError) in
      try PaillierPublicKey(parsingJSON: bytes, policy: policy(options))
    }
  }

  static func privateKey(_ path: String, _ options: PaillierKeyOptions) throws -> PaillierPrivateKey {
    let bytes = try Input.read(path, limit: limit)
    return try privateKey(bytes, path, options)
  }

  static func privateKey(_ bytes: [UInt8], _ path: String, _ options: PaillierKeyOptions) throws -> PaillierPrivateKey {
    do throws(PaillierError) {
      return try PaillierPrivateKey(parsingJSON: bytes, policy: policy(options))
    } catch { throw failure(error, path) }
  }

  /// An encryptor for the key in a file; a private key makes it faster.
  static func encryptor(_ path: String, _ options: PaillierKeyOptions, uses: Int) throws -> Encryptor {
    let bytes = try Input.read(path, limit: limit)
    do throws(PaillierError) {
      if PaillierPrivateKey.isPrivateKeyFile(bytes) {
        return try Encryptor(PaillierPrivateKey(parsingJSON: bytes, policy: policy(options)))
      }
      // Tables pay from about a dozen encryptions on.
      let key = try PaillierPublicKey(parsingJSON: bytes, policy: policy(options))
      return try Encryptor(key, noise: uses < 12 ? .exact : .automatic)
    } catch { throw failure(error, path) }
  }

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
