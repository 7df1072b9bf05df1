import ArgumentParser
import Paillier

/// `tacit paillier encrypt-proven`.
struct PaillierEncryptProvenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encrypt-proven",
    abstract: "Encrypt integers with proofs that they are known, or small; negative ones follow --.",
    discussion: """
      Without --range-bits the proofs say that whoever encrypted knows the numbers, so nobody can hand in a copy of
      another's. With --range-bits B and the verifier's --parameters they say that no absolute value exceeds
      2^(B + 513); honest values are at most 2^B. `verify --numbers` checks either.
      """)

  @Argument(help: "The public key file.") var keyFile: String
  @Argument(help: "Decimal integers.") var values: [String]
  @Option(help: "The file to write the proofs to.") var proofs: String
  @Option(help: "Prove that absolute values are small: at most 2 to this power, 1 to 62.") var rangeBits: Int?
  @Option(help: "The verifier's parameters, made by `parameters`; with --range-bits.") var parameters: String?
  @Option(help: "What the parameters' own proof has to be bound to.") var parametersContext = ""
  @Option(help: "What the proofs are bound to: name the session and the prover.") var context = ""
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func validate() throws {
    if (rangeBits == nil) != (parameters == nil) {
      throw ValidationError("--range-bits and --parameters go together")
    }
    if proofs == destination.output { throw ValidationError("--proofs and --output are different files") }
  }

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    try Output.refuseExisting(proofs, force: destination.force)
    let ring = try parameters.map { try PaillierProofFile.parameters($0, parametersContext, key) }
    var encryptor = try PaillierKeys.encryptor(keyFile, key, uses: 0)
    var numbers: [EncryptedNumber<Fresh>] = []
    var members: [JSONValue] = []
    for (index, value) in values.enumerated() {
      do throws(PaillierError) {
        let made = try encrypted(value, ring, &encryptor)
        numbers.append(made.number)
        members.append(try JSONValue(parsing: Array(made.proof.json.utf8), source: "proof"))
      } catch { throw PaillierKeys.failure(error, "value \(index + 1)") }
    }
    let name = rangeBits == nil ? "knowledge" : "ranges"
    let file = PaillierNumberFile(numbers: numbers, isRaw: false, scale: nil, isArray: numbers.count != 1)
    try Output.write(
      JSONValue.object([name: .array(members)]).serialized + "\n", to: proofs, force: destination.force)
    try Output.write(file.text, to: destination.output, force: destination.force)
  }

  private func encrypted(
    _ value: String, _ ring: RingPedersenParameters?, _ encryptor: inout Encryptor
  ) throws(PaillierError) -> (number: EncryptedNumber<Fresh>, proof: PaillierProof) {
    guard let ring, let rangeBits else {
      return try encryptor.encryptWithKnowledge(decimal: value, context: context)
    }
    guard let integer = Int64(value) else {
      throw PaillierError(.valueOutOfRange, "value", "not a decimal integer of at most 63 bits")
    }
    return try encryptor.encryptInRange(integer, bits: rangeBits, parameters: ring, context: context)
  }
}

extension PaillierProofFile {
  /// The verdicts on the proofs of `encrypt-proven`, one a number, or nil when the document holds none.
  static func plaintextVerdicts(
    _ document: JSONValue, _ path: String, _ numbers: [EncryptedNumber<Fresh>], rangeBits: Int?,
    ring: RingPedersenParameters?, context: String
  ) throws -> [(name: String, verdict: ProofVerdict)]? {
    let name = document["ranges"] != nil ? "ranges" : "knowledge"
    guard let member = document[name] else { return nil }
    guard case .array(let entries) = member, entries.count == numbers.count else {
      throw CommandFailure("\(path): does not hold one proof a number")
    }
    return try zip(entries, numbers).enumerated().map { index, pair in
      let proof = try proof(pair.0, name, path)
      guard name == "ranges" else {
        return ("knowledge of number \(index)", pair.1.verifyKnowledge(proof, context: context))
      }
      guard let ring, let rangeBits else {
        throw CommandFailure("\(path): proofs of a range need --parameters and --range-bits")
      }
      return (
        "range of number \(index)",
        pair.1.verifyRange(proof, bits: rangeBits, parameters: ring, context: context)
      )
    }
  }
}
