import ArgumentParser
import PrivateStatistics

/// `tacit merge`: several partial aggregates as one.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merge partial aggregates of one query and key; order does not matter.",
    discussion: """
      A file named twice is refused, and so is a run that is in two envelopes, so nothing is counted twice. What is \
      lost shows when --expect-rows or --expect-partials says how much must come together; --expect-rows needs \
      envelopes. The result is in an envelope when any partial is.
      """)

  @Argument(help: "Partials that 'tacit accumulate' or 'tacit merge' wrote, binary or lines of base64.")
  var partials: [String]

  @Option(name: .long, help: "Where the merged partial goes.")
  var output: String

  @Option(
    name: .long, help: "The key that opens sealed partials and seals the result: 64 hexadecimal digits in a file.")
  var seal: String?

  @Option(name: .long, help: "binary or base64.")
  var outputFormat: PartialFile.Encoding = .binary

  @OptionGroup var checks: MergeChecks

  @Flag(name: .long, help: "Replace an existing output file.")
  var force = false

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  func run() throws {
    try Output.refuseExisting(output, force: force)
    let seal = try seal.map(PartialSeal.init(reading:))
    try refusing {
      let merged = try PartialFile.merged(partials, question: nil, seal: seal, checks: checks)
      try PartialFile.write(
        merged, to: output, as: PartialFile.Form(outputFormat, isEnveloped: merged.runs.isNamed), seal: seal,
        force: force, json: json)
    }
  }
}
