import ArgumentParser
import ExactMath
import Paillier
import Reporting

/// `tacit paillier encrypt-vector`.
struct PaillierEncryptVectorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encrypt-vector", abstract: "Encrypt small numbers, many to a ciphertext; negative ones follow --.",
    discussion: "The file is binary and names the key and the plan: its size says how many values there are, not which."
  )

  @Argument(help: "The public key file; the private one works too and is faster.") var keyFile: String
  @Argument(help: "Decimal integers, or decimal fractions with --scale.") var values: [String] = []
  @Option(help: "Read values from this file instead, separated by spaces or newlines; - is standard input.")
  var input: String?
  @Option(help: "Bits of a value, its sign included.") var valueBits = 32
  @Option(help: "The most vectors that will be added up.") var maxSummands: Int
  @Option(help: "The largest weight of a summand.") var maxWeight = 1
  @Flag(help: "Values from 0 on.") var unsigned = false
  @Flag(help: "Leave out the checksum slot.") var noChecksum = false
  @Option(help: "Values in one ciphertext; as many as fit unless said.") var slots: Int?
  @Option(help: "Fixed point: the step (0.01) or the steps in 1 (100).") var scale: String?
  @Option(help: "Threads; the file does not depend on them but for its noise.") var threads = 1
  @Flag(help: "About twice as fast; the caches of this machine then show the noise to whoever shares them.")
  var variableTime = false
  @Option(help: "Bytes of precomputed tables: more mean faster noise and longer preparation.") var tableBytes: Int?
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func validate() throws {
    if let tableBytes, !(0...1 << 30).contains(tableBytes) { throw ValidationError("--table-bytes is at most 2^30") }
    if input != nil, !values.isEmpty { throw ValidationError("values come from --input or from the command line") }
    if input == nil, values.isEmpty { throw ValidationError("there are no values") }
  }

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let publicKey = try PaillierKeys.publicKey(keyFile, key)
    let scaling = try scale.map { try PaillierScale($0) }
    let texts =
      try input.map { try Input.readText($0).split(whereSeparator: \.isWhitespace).map(String.init) } ?? values
    var steps: [Int64] = []
    for (index, text) in texts.enumerated() {
      let integer = try scaling?.steps(text, position: index + 1) ?? text
      guard let step = Int64(integer) else {
        throw CommandFailure("value \(index + 1): not a decimal integer of at most 63 bits")
      }
      steps.append(step)
    }
    let fixed = try scaling?.fixedPoint()
    let plan = try PaillierKeys.naming("plan") { () throws(PaillierError) in
      try SlotPlan(
        valueBits: valueBits, maxSummands: maxSummands, maxWeight: maxWeight, signed: !unsigned, checksum: !noChecksum,
        scale: fixed ?? .integers, slots: slots, for: publicKey)
    }
    var encryptor = try PaillierKeys.encryptor(
      keyFile, key, uses: plan.ciphertextCount(forValues: steps.count), variableTime: variableTime,
      tableBytes: tableBytes)
    var bytes: [UInt8] = []
    do throws(PaillierError) {
      bytes = try ProgressLine.during("encrypting") { () throws(PaillierError) in
        try encryptor.encrypt(steps, plan, threads: threads).serialized()
      }
    } catch { throw PaillierKeys.failure(error, "values") }
    try Output.write(bytes, to: destination.output, force: destination.force)
  }
}

/// `tacit paillier decrypt-vector`.
struct PaillierDecryptVectorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decrypt-vector", abstract: "Decrypt a vector, one value a line.")

  @Argument(help: "The private key file.") var keyFile: String
  @Argument(help: "The vector; - is standard input.") var vectorFile: String
  @Option(help: "Refuse a vector in which fewer summands were added up.") var minimumSummands = 0
  @Flag(help: "Compute everything twice and compare: against faults of the machine.") var checkTwice = false
  @Option(help: "Threads.") var threads = 1
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let privateKey = try PaillierKeys.privateKey(keyFile, key)
    let vector = try PaillierVectorFile.read(vectorFile, privateKey.publicKey)
    var values: [Int64] = []
    do throws(PaillierError) {
      values = try ProgressLine.during("decrypting") { () throws(PaillierError) in
        try privateKey.decrypt(vector, minimumSummands: minimumSummands, checkedTwice: checkTwice, threads: threads)
      }
    } catch { throw PaillierKeys.failure(error, vectorFile) }
    try Output.write(
      PaillierVectorFile.text(values, vector.plan), to: destination.output, force: destination.force, mode: 0o600)
  }
}

/// `tacit paillier sum-vector`.
struct PaillierSumVectorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sum-vector", abstract: "Add up encrypted vectors, with public weights if wanted.")

  @Argument(help: "The public key file.") var keyFile: String
  @Argument(help: "The vectors.") var files: [String]
  @Option(help: "Integer weights separated by commas, one a vector: --weights=2,-1.") var weights: String?
  @Flag(help: "Put vectors of one value a ciphertext into as few ciphertexts as they fit.") var pack = false
  @Option(help: "Threads; the result is the same for any number but for its noise.") var threads = 1
  @OptionGroup var key: PaillierKeyOptions
  @OptionGroup var destination: PaillierOutputOptions

  func run() throws {
    try Output.refuseExisting(destination.output, force: destination.force)
    let publicKey = try PaillierKeys.publicKey(keyFile, key)
    let vectors = try files.map { try PaillierVectorFile.read($0, publicKey) }
    var factors: [Int]?
    if let weights {
      let parts = weights.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.allSatisfy({ $0 != nil }) else { throw CommandFailure("--weights: integers separated by commas") }
      factors = parts.compactMap { $0 }
    }
    var encryptor = try PaillierKeys.encryptor(keyFile, key, uses: vectors[0].ciphertextCount)
    var bytes: [UInt8] = []
    do throws(PaillierError) {
      bytes = try ProgressLine.during("adding up") { () throws(PaillierError) in
        var sum: EncryptedVector<Derived>
        if let factors {
          sum = try EncryptedVector.dot(vectors, factors, threads: threads)
        } else {
          sum = try EncryptedVector.sum(vectors, threads: threads)
        }
        if pack { sum = try sum.packed(threads: threads) }
        return try sum.rerandomized(using: &encryptor, threads: threads).serialized()
      }
    } catch { throw PaillierKeys.failure(error, "vectors") }
    try Output.write(bytes, to: destination.output, force: destination.force)
  }
}

/// Vector files for the command line.
enum PaillierVectorFile {
  static func read(_ path: String, _ key: PaillierPublicKey) throws -> EncryptedVector<Fresh> {
    let bytes = try Input.read(path)
    return try PaillierKeys.naming(path) { () throws(PaillierError) in
      try EncryptedVector<Fresh>(parsing: bytes, key: key)
    }
  }

  /// One decimal value a line.
  static func text(_ values: [Int64], _ plan: SlotPlan) -> String {
    let scale = Rational(plan.scale.units, plan.scale.steps)
    return values.map { value in
      plan.scale == .integers ? "\(value)\n" : (Rational(Int(value)) * scale).decimalDescription + "\n"
    }.joined()
  }
}

extension PaillierScale {
  /// The scale of a slot plan.
  func fixedPoint() throws -> FixedPointScale {
    guard let steps = stepsPerUnit.numeratorWords.first, let units = stepsPerUnit.denominatorWords.first,
      stepsPerUnit.numeratorWords.count == 1, stepsPerUnit.denominatorWords.count == 1, steps <= Int.max,
      units <= Int.max
    else { throw CommandFailure("--scale: too many digits") }
    return try PaillierKeys.naming("--scale") { () throws(PaillierError) in
      try FixedPointScale(steps: Int(steps), units: Int(units))
    }
  }
}
