import ArgumentParser
import Crypto
import PrivateStatistics

/// `tacit accumulate`: a partial aggregate of some of the rows.
struct AccumulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accumulate",
    abstract: "Turn rows into a partial aggregate that merges with others; nothing is released.",
    discussion: """
      A partial holds raw data: it is written with mode 0600 and needs the protection of the table itself.
      The bytes are the same however the rows are split; their SHA-256 is printed.
      The sampling key is 32 hexadecimal digits in --key FILE or in TACIT_SAMPLING_KEY: draw it once for each release
      (head -c 16 /dev/urandom | xxd -p), never from data.
      """)

  @Argument(help: "The query, YAML or JSON.")
  var query: String

  @Option(name: .long, help: "A table to read; '-' for standard input. Repeatable.")
  var input: [String]

  @Option(name: .long, help: "How tables are written: csv, jsonl, sqlite or spark-transform.")
  var inputFormat: TableInput.Format = .csv

  @Option(name: .long, help: "The table of an SQLite database.")
  var table: String?

  @Option(
    name: .long,
    help: """
      What the contributions of units may take in memory, such as 512m or 2g; the rest goes to an unlinked temporary \
      file of mode 0600 in TMPDIR, which holds raw data.
      """)
  var memory: TableInput.MemorySize?

  @Option(
    name: .long,
    help: "Sum for running totals over this group_by column, whose declared keys are steps of time.")
  var continual: String?

  @Option(name: .long, help: "Where the partial goes.")
  var output: String

  @Option(name: .long, help: "The file of the sampling key.")
  var key: String?

  @Option(name: .long, help: "Threads that read; the partial's bytes do not depend on it. One a processor if left out.")
  var threads: Int?

  @Option(name: .long, help: "Seal the partial under the key in this file: 64 hexadecimal digits.")
  var seal: String?

  @Flag(name: .long, help: "Replace an existing output file.")
  var force = false

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  private var options: TableInput.Options {
    get throws { try TableInput.Options(inputFormat, table: table, threads: threads) }
  }

  func validate() throws { _ = try options }

  func run() throws {
    try Output.refuseExisting(output, force: force)
    let question = try QueryFile.read(query, continual: continual)
    let seal = try seal.map(PartialSeal.init(reading:))
    let key = try SamplingKeyFile.read(key)
    try refusing {
      var accumulator = try Accumulator(question, key: key, memory: memory?.bytes)
      for path in input { try TableInput.add(path, options, to: &accumulator) }
      if memory == nil || seal != nil {
        try PartialFile.write(accumulator.partial(), to: output, seal: seal, force: force, json: json)
      } else {
        try PartialFile.stream(accumulator, to: output, force: force, json: json)
      }
    }
  }
}

/// Where the secret of contribution bounding comes from.
enum SamplingKeyFile {
  private static let variable = "TACIT_SAMPLING_KEY"

  /// Reads the key from a file, or from the environment when no file is named.
  static func read(_ path: String?) throws -> SamplingKey {
    let text: String
    let place: String
    if let path {
      text = try Input.readText(path, limit: 1 << 10)
      place = path
    } else if let value = environmentValue(variable) {
      text = value
      place = variable
    } else {
      throw CommandFailure("--key FILE or \(variable) is needed", code: .usage)
    }
    do {
      return try SamplingKey(hexadecimal: text.trimmingPrefix(while: \.isWhitespace).description.trimmedEnd)
    } catch {
      throw CommandFailure("\(place): must be 32 hexadecimal digits")
    }
  }
}

extension String {
  /// The text without white space at its end.
  fileprivate var trimmedEnd: String {
    var result = self
    while result.last?.isWhitespace == true { result.removeLast() }
    return result
  }
}

/// Files of partial aggregates.
enum PartialFile {
  private struct Document: Encodable {
    let bytes: Int
    let sha256: String
  }

  /// Writes a partial with mode 0600, sealed if wanted, and prints the digest of its canonical bytes, on standard
  /// error when the partial itself goes to standard output.
  static func write(
    _ bytes: [UInt8], to path: String, seal: PartialSeal?, force: Bool, json: Bool
  ) throws {
    try Output.write(seal?.sealed(bytes) ?? bytes, to: path, force: force, mode: 0o600)
    try report(SHA256.hash(data: bytes), count: bytes.count, path: path, json: json)
  }

  /// Writes an accumulator's partial, unsealed, without holding all of it in memory.
  static func stream(_ accumulator: borrowing Accumulator, to path: String, force: Bool, json: Bool) throws {
    var hash = SHA256()
    var count = 0
    try Output.stream(to: path, force: force, mode: 0o600) { write in
      try accumulator.writePartial { bytes in
        hash.update(data: bytes)
        count += bytes.count
        try write(bytes)
      }
    }
    try report(hash.finalize(), count: count, path: path, json: json)
  }

  private static func report(_ hash: SHA256.Digest, count: Int, path: String, json: Bool) throws {
    let digits = Array("0123456789abcdef")
    let digest = String(hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    if path == "-" {
      StandardOutput.complain("\(digest)  raw data, \(count) bytes")
    } else if json {
      try emitJSON(Document(bytes: count, sha256: digest))
    } else {
      StandardOutput.write("\(digest)  \(path) (raw data, \(count) bytes)\n")
    }
  }

  /// Reads partials of one query and merges them.
  ///
  /// - Parameter question: The query they must answer; the first one's own when `nil`.
  static func merged(_ paths: [String], question: Query?, seal: PartialSeal?) throws -> Accumulator {
    guard let first = paths.first else { throw CommandFailure("a partial is needed", code: .usage) }
    let bytes = try read(first, seal)
    let query: Query
    if let question {
      query = question
    } else {
      query = try QueryFile.decode(Accumulator.queryText(ofPartial: bytes, name: first), path: first)
    }
    var result = try Accumulator(partial: bytes, of: query, name: first)
    for path in paths.dropFirst() {
      let next = try Accumulator(partial: read(path, seal), of: query, name: path)
      do {
        try result.merge(next)
      } catch {
        throw CommandFailure("\(path): \(error.reason)")
      }
    }
    return result
  }

  private static func read(_ path: String, _ seal: PartialSeal?) throws -> [UInt8] {
    let bytes = try Input.read(path, limit: 1 << 36)
    if let seal { return try seal.opened(bytes, name: path) }
    guard !PartialSeal.isSealed(bytes) else { throw CommandFailure("\(path): is sealed; --seal KEYFILE is needed") }
    return bytes
  }
}
