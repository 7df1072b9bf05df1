import ArgumentParser
import Paillier

/// `tacit paillier parameters`.
struct PaillierParametersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parameters", abstract: "Make a verifier's ring-Pedersen parameters, with the proof of their form.",
    discussion: "Each verifier makes its own; the primes behind them are forgotten. Takes a minute and more.")

  @Option(help: "Bits of the modulus.") var bits = KeySize.bits2048.bits
  @Option(help: "What the proof is bound to.") var context = ""
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let made = try PaillierKeys.naming("--bits") { () throws(PaillierError) in
      try RingPedersenParameters.generate(
        key.insecureSmallKey ? .insecure(bits: bits) : KeySize(bits: bits), context: context)
    }
    let text = "{\"parameters\":\(made.parameters.json),\"proof\":\(made.proof.json)}\n"
    try Output.write(text, to: destination.output, force: destination.force)
  }
}

/// `tacit paillier prove`.
struct PaillierProveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove", abstract: "Prove that a key is well formed, or that numbers decrypt as they do.",
    discussion: """
      Without --numbers: that the modulus is a product of two primes that are 3 modulo 4, and, with a verifier's
      --parameters, that it has no small factor. With --numbers: the decryption of each number, which becomes known.
      """)

  @Argument(help: "The private key file.") var keyFile: String
  @Option(help: "A verifier's parameters, made by `parameters`.") var parameters: String?
  @Option(help: "What the parameters' own proof has to be bound to.") var parametersContext = ""
  @Option(help: "A file of encrypted numbers to decrypt provably.") var numbers: String?
  @Option(help: "What the proof is bound to: name the session and the verifier.") var context = ""
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func validate() throws {
    if parameters != nil, numbers != nil { throw ValidationError("--numbers takes no --parameters") }
  }

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let ring = try parameters.map { try PaillierProofFile.parameters($0, parametersContext, key) }
    let privateKey = try PaillierKeys.privateKey(keyFile, key)
    let file = try numbers.map { try PaillierNumberFile($0, privateKey.publicKey) }
    var members: [String: JSONValue] = [:]
    do throws(PaillierError) {
      if let file {
        var proofs: [JSONValue] = []
        for number in file.numbers {
          let opened = try privateKey.decryptWithProof(number, context: context)
          proofs.append(
            .object([
              "value": .string(opened.value),
              "proof": try JSONValue(parsing: Array(opened.proof.json.utf8), source: "proof"),
            ]))
        }
        members["decryptions"] = .array(proofs)
      } else {
        let modulus = try privateKey.proveModulus(context: context)
        members["modulus"] = try JSONValue(parsing: Array(modulus.json.utf8), source: "proof")
        if let ring {
          let factors = try privateKey.proveFactors(for: ring, context: context)
          members["factors"] = try JSONValue(parsing: Array(factors.json.utf8), source: "proof")
        }
      }
    } catch { throw PaillierKeys.failure(error, keyFile) }
    try Output.write(
      JSONValue.object(members).serialized + "\n", to: destination.output, force: destination.force)
  }
}

/// `tacit paillier verify`.
struct PaillierVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check proofs; exit 1 when one is refused.")

  @Argument(help: "The prover's public key file.") var keyFile: String
  @Argument(help: "The proofs, made by `prove`.") var proofFile: String
  @Option(help: "The verifier's own parameters; without them no proof of small factors is asked for.")
  var parameters: String?
  @Option(help: "What the parameters' own proof has to be bound to.") var parametersContext = ""
  @Option(help: "The numbers that something is proven of: their decryptions, their range, or knowledge of them.")
  var numbers: String?
  @Option(help: "The range that `encrypt-proven` was asked to prove, in bits.") var rangeBits: Int?
  @Option(help: "What the proof has to be bound to.") var context = ""
  @Flag(help: "One JSON document instead of lines.") var json = false
  @OptionGroup var key: PaillierKeyOptions

  private struct Document: Encodable {
    var accepted: Bool
    var proven: [String]
    var values: [String]?
  }

  func run() throws {
    let publicKey = try PaillierKeys.publicKey(keyFile, key)
    let document = try PaillierProofFile.document(proofFile)
    var verdicts: [(name: String, verdict: ProofVerdict)] = []
    var values: [String]?
    if let numbers {
      let file = try PaillierNumberFile(numbers, publicKey)
      let ring = try parameters.map { try PaillierProofFile.parameters($0, parametersContext, key) }
      if let proven = try PaillierProofFile.plaintextVerdicts(
        document, proofFile, file.numbers, rangeBits: rangeBits, ring: ring, context: context)
      {
        try finish(proven, values: nil)
        return
      }
      guard case .array(let entries)? = document["decryptions"], entries.count == file.numbers.count else {
        throw CommandFailure("\(proofFile): does not hold one proof a number")
      }
      values = []
      for (index, entry) in entries.enumerated() {
        guard let value = entry["value"]?.text else { throw CommandFailure("\(proofFile): a value is missing") }
        let proof = try PaillierProofFile.proof(entry["proof"], "decryptions", proofFile)
        verdicts.append(
          ("decryption of number \(index)", file.numbers[index].verifyDecryption(proof, value: value, context: context))
        )
        values?.append(value)
      }
    } else {
      let modulus = try PaillierProofFile.proof(document["modulus"], "modulus", proofFile)
      verdicts.append(("modulus", publicKey.verifyModulus(modulus, context: context)))
      if let parameters {
        let ring = try PaillierProofFile.parameters(parameters, parametersContext, key)
        let factors = try PaillierProofFile.proof(document["factors"], "factors", proofFile)
        verdicts.append(("factors", publicKey.verifyFactors(factors, parameters: ring, context: context)))
      }
    }
    try finish(verdicts, values: values)
  }

  /// Prints the verdicts, or fails with the first refusal.
  private func finish(_ verdicts: [(name: String, verdict: ProofVerdict)], values: [String]?) throws {
    let refused = verdicts.filter { $0.verdict != .accepted }
    if json {
      try emitJSON(
        Document(
          accepted: refused.isEmpty, proven: verdicts.filter { $0.verdict == .accepted }.map(\.name),
          values: refused.isEmpty ? values : nil))
    } else if refused.isEmpty {
      StandardOutput.write(
        values.map { $0.joined(separator: "\n") + "\n" } ?? verdicts.map { "\($0.name): accepted\n" }.joined())
    }
    if let first = refused.first { throw CommandFailure("\(proofFile): \(first.name): the proof is refused") }
  }
}

/// Proof files for the command line.
enum PaillierProofFile {
  static func document(_ path: String) throws -> JSONValue {
    let bytes = try Input.read(path, limit: 1 << 26)
    return try PaillierKeys.naming(path) { () throws(PaillierError) in try JSONValue(parsing: bytes, source: "proof") }
  }

  static func proof(_ json: JSONValue?, _ name: String, _ path: String) throws -> PaillierProof {
    guard let json else { throw CommandFailure("\(path): holds no proof named \(name)") }
    return try PaillierKeys.naming(path) { () throws(PaillierError) in
      try PaillierProof(parsingJSON: Array(json.serialized.utf8))
    }
  }

  /// A verifier's parameters, refused unless their own proof holds.
  static func parameters(
    _ path: String, _ context: String, _ options: PaillierKeyOptions
  ) throws -> RingPedersenParameters {
    let json = try document(path)
    guard let inner = json["parameters"] else { throw CommandFailure("\(path): holds no parameters") }
    let policy = PaillierKeys.policy(options)
    let ring = try PaillierKeys.naming(path) { () throws(PaillierError) in
      try RingPedersenParameters(parsingJSON: Array(inner.serialized.utf8), policy: policy)
    }
    let proof = try proof(json["proof"], "proof", path)
    guard ring.verify(proof, context: context, policy: policy) == .accepted else {
      throw CommandFailure("\(path): the proof of the parameters' form is refused")
    }
    return ring
  }
}
