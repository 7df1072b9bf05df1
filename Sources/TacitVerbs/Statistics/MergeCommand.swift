import ArgumentParser
import PrivateStatistics

/// `tacit merge`: several partial aggregates as one.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merge partial aggregates of one query and key; order does not matter.")

  @Argument(help: "Partials that 'tacit accumulate' or 'tacit merge' wrote.")
  var partials: [String]

  @Option(name: .long, help: "Where the merged partial goes.")
  var output: String

  @Option(
    name: .long, help: "The key that opens sealed partials and seals the result: 64 hexadecimal digits in a file.")
  var seal: String?

  @Flag(name: .long, help: "Replace an existing output file.")
  var force = false

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  func run() throws {
    try Output.refuseExisting(output, force: force)
    let seal = try seal.map(PartialSeal.init(reading:))
    try refusing {
      let merged = try PartialFile.merged(partials, question: nil, seal: seal)
      try PartialFile.write(merged.partial(), to: output, seal: seal, force: force, json: json)
    }
  }
}
