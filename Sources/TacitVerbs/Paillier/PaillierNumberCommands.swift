import ArgumentParser
import BigNumber
import Paillier

/// `tacit paillier encrypt`.
struct PaillierEncryptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encrypt", abstract: "Encrypt numbers; negative ones follow --.")

  @Argument(help: "The public key file; the private one works too and is faster.") var keyFile: String
  @Argument(help: "Decimal integers, or decimal fractions with --scale.") var values: [String]
  @Option(help: "Fixed point: the step (0.01) or the steps in 1 (100).") var scale: String?
  @Flag(help: "Plain residues from 0 to n - 1, written as {\"c\":\"<hex>\"}.") var raw = false
  @Option(help: "With --raw: this r in hexadecimal instead of a random one. Known-answer tests only.")
  var insecureNonce: String?
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func validate() throws {
    if insecureNonce != nil, !raw { throw ValidationError("--insecure-nonce needs --raw") }
    if insecureNonce != nil, values.count != 1 { throw ValidationError("--insecure-nonce encrypts one value") }
    if raw, scale != nil { throw ValidationError("--raw takes no --scale") }
  }

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let scaling = try scale.map { try PaillierScale($0) }
    var encryptor = try PaillierKeys.encryptor(keyFile, key, uses: values.count)
    var numbers: [EncryptedNumber<Fresh>] = []
    for (index, value) in values.enumerated() {
      do throws(PaillierError) {
        numbers.append(
          raw
            ? try encryptResidue(value, &encryptor)
            : try encryptor.encrypt(decimal: try steps(value, index + 1, scaling)))
      } catch { throw PaillierKeys.failure(error, "value \(index + 1)") }
    }
    let file = PaillierNumberFile(numbers: numbers, isRaw: raw, scale: scale, isArray: numbers.count != 1)
    try Output.write(file.text, to: destination.output, force: destination.force)
  }

  private func steps(_ value: String, _ position: Int, _ scaling: PaillierScale?) throws(PaillierError) -> String {
    guard let scaling else { return value }
    do {
      return try scaling.steps(value, position: position)
    } catch {
      throw PaillierError(.valueOutOfRange, "value", "not a whole number of steps of the scale")
    }
  }

  private func encryptResidue(
    _ value: String, _ encryptor: inout Encryptor
  ) throws(PaillierError) -> EncryptedNumber<Fresh> {
    guard value.utf8.count <= 1 << 13, let residue = Natural(decimal: value) else {
      throw PaillierError(.valueOutOfRange, "value", "not a decimal integer from 0 to n - 1")
    }
    guard let insecureNonce else { return try encryptor.encrypt(residue: residue) }
    guard insecureNonce.utf8.count <= 1 << 13, let nonce = Natural(hexadecimal: insecureNonce) else {
      throw PaillierError(.malformed, "--insecure-nonce", "not hexadecimal")
    }
    let words = try encryptor.publicKey.core.encrypt(residue: residue, insecureNonce: nonce)
    return EncryptedNumber<Fresh>(publicKey: encryptor.publicKey, exponent: 0, words: words)
  }
}

/// `tacit paillier decrypt`.
struct PaillierDecryptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decrypt", abstract: "Decrypt numbers, one a line.")

  @Argument(help: "The private key file.") var keyFile: String
  @Argument(help: "The file of encrypted numbers; - is standard input.") var numberFile: String
  @Flag(help: "Print plain residues in hexadecimal.") var raw = false
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let privateKey = try PaillierKeys.privateKey(keyFile, key)
    let file = try PaillierNumberFile(numberFile, privateKey.publicKey)
    let scaling = try file.scale.map { try PaillierScale($0) }
    var text = ""
    for (index, number) in file.numbers.enumerated() {
      do throws(PaillierError) {
        if raw {
          text += try privateKey.decryptResidue(number).hexadecimal + "\n"
        } else {
          let integer = try privateKey.decryptDecimal(number)
          let value = try PaillierScale.applying(exponent: number.exponent, to: integer)
          text += (scaling?.value(value) ?? value) + "\n"
        }
      } catch { throw PaillierKeys.failure(error, "\(numberFile): number \(index)") }
    }
    try Output.write(text, to: destination.output, force: destination.force, mode: 0o600)
  }
}

/// What `add`, `multiply` and `sum` have in common: the results are re-randomised and written in their inputs' form.
enum PaillierResults {
  static func write(
    _ numbers: [EncryptedNumber<Derived>], like file: PaillierNumberFile, keyFile: String, _ key: PaillierKeyOptions,
    keepNoise: Bool, _ destination: PaillierOutputOptions
  ) throws {
    var result = file
    if keepNoise {
      result.numbers = numbers.map {
        EncryptedNumber<Fresh>(publicKey: $0.publicKey, exponent: $0.exponent, words: $0.words)
      }
    } else {
      var encryptor = try PaillierKeys.encryptor(keyFile, key, uses: numbers.count)
      result.numbers = []
      for number in numbers {
        do throws(PaillierError) {
          result.numbers.append(try number.rerandomized(using: &encryptor))
        } catch { throw PaillierKeys.failure(error, keyFile) }
      }
    }
    try Output.write(result.text, to: destination.output, force: destination.force)
  }
}

/// The option of verbs that compute on ciphertexts.
struct PaillierNoiseOptions: ParsableArguments {
  @Flag(
    help: "Leave out the re-randomisation: whoever knows the inputs recognises the result. Known-answer tests only.")
  var insecureDeterministic = false
}

/// `tacit paillier add`.
struct PaillierAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add two files of encrypted numbers, number by number.")

  @Argument(help: "The public key file.") var keyFile: String
  @Argument(help: "The first file; - is standard input.") var first: String
  @Argument(help: "The second file.") var second: String
  @OptionGroup var noise: PaillierNoiseOptions
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try PaillierSumCommand.run([first, second], keyFile, key, noise, destination)
  }
}

/// `tacit paillier sum`.
struct PaillierSumCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sum", abstract: "Add any number of files of encrypted numbers, number by number.")

  @Argument(help: "The public key file.") var keyFile: String
  @Argument(help: "The files.") var files: [String]
  @OptionGroup var noise: PaillierNoiseOptions
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Self.run(files, keyFile, key, noise, destination)
  }

  static func run(
    _ files: [String], _ keyFile: String, _ key: PaillierKeyOptions, _ noise: PaillierNoiseOptions,
    _ destination: PaillierOutputOptions
  ) throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let publicKey = try PaillierKeys.publicKey(keyFile, key)
    let first = try PaillierNumberFile(files[0], publicKey)
    var totals = first.numbers.map {
      EncryptedNumber<Derived>(publicKey: $0.publicKey, exponent: $0.exponent, words: $0.words)
    }
    for path in files.dropFirst() {
      let other = try PaillierNumberFile(path, publicKey)
      try first.checkCompatible(other, path)
      for index in totals.indices {
        let total = totals[index]
        totals[index] = try PaillierKeys.naming("\(path): number \(index)") { () throws(PaillierError) in
          try total.adding(other.numbers[index])
        }
      }
    }
    try PaillierResults.write(
      totals, like: first, keyFile: keyFile, key, keepNoise: noise.insecureDeterministic, destination)
  }
}

/// `tacit paillier multiply`.
struct PaillierMultiplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "multiply", abstract: "Multiply encrypted numbers by a public integer; a negative one follows --.")

  @Argument(help: "The public key file.") var keyFile: String
  @Argument(help: "The file; - is standard input.") var file: String
  @Argument(help: "A decimal integer.") var scalar: String
  @OptionGroup var noise: PaillierNoiseOptions
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let publicKey = try PaillierKeys.publicKey(keyFile, key)
    let numbers = try PaillierNumberFile(file, publicKey)
    let products = try numbers.numbers.map { number in
      try PaillierKeys.naming("SCALAR") { () throws(PaillierError) in try number.multiplied(by: scalar) }
    }
    try PaillierResults.write(
      products, like: numbers, keyFile: keyFile, key, keepNoise: noise.insecureDeterministic, destination)
  }
}
