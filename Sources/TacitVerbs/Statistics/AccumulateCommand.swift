import ArgumentParser
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
      With --envelope the bytes come after the random name of this run, so that merging refuses a partial that an \
      engine delivers twice, and finds one that is lost. From spark-transform it always has one, and to standard \
      output it is one line of base64, as Spark SQL's TRANSFORM carries it.
      """)

  @Argument(help: "The query, YAML or JSON.")
  var query: String

  @Option(name: .long, help: "A table to read; '-' for standard input. Repeatable.")
  var input: [String]

  @Option(name: .long, help: "How tables are written: csv, jsonl, sqlite or spark-transform.")
  var inputFormat: TableInput.Format = .csv

  @Option(name: .long, help: "The table of an SQLite database.")
  var table: String?

  @OptionGroup var joining: JoinOptions

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

  @Option(
    name: .long,
    help: "binary or base64: by default base64 for spark-transform to standard output, else binary.")
  var outputFormat: PartialFile.Encoding?

  @Flag(name: .long, help: "Put the partial in an envelope that names this run: merging never counts it twice.")
  var envelope = false

  @Option(
    name: .customLong("run"),
    help: "The run's name, 32 hexadecimal digits, which implies --envelope: attempts that share it count once.")
  var runID: String?

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
    let joined = try refusing { try joining.table(for: question) }
    let seal = try seal.map(PartialSeal.init(reading:))
    let key = try SamplingKeyFile.read(key)
    try refusing {
      let name = try runID.map { text throws(StatisticsError) in try RunID(hexadecimal: text) } ?? RunID()
      var accumulator = try Accumulator(question, key: key, memory: memory?.bytes, run: name)
      for path in input { try TableInput.add(path, options, joined: joined, to: &accumulator) }
      let isText = inputFormat == .sparkTransform && output == "-"
      let form = PartialFile.Form(
        outputFormat ?? (isText ? .base64 : .binary),
        isEnveloped: envelope || runID != nil || inputFormat == .sparkTransform || outputFormat == .base64)
      if memory != nil, seal == nil, form.encoding == .binary {
        try PartialFile.stream(accumulator, to: output, as: form, force: force, json: json)
      } else {
        try PartialFile.write(accumulator, to: output, as: form, seal: seal, force: force, json: json)
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
