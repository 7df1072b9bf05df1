import Foundation

// The speed of exact noise beside what people use today, in one run, and what the time of a draw tells of it.
//
//     benchmark-noise [--json] [--repetitions 9] [--draws 1000000] [--python PATH]
//
// The Python of a virtual environment with `opendp` and `numpy` is given by --python or TACIT_BENCHMARK_PYTHON.

/// Everything that was measured.
struct NoiseReport: Encodable {
  let speeds: [Measurement]
  /// Random bytes a second in GB, and the share of that ceiling that each vector sampler reaches.
  let randomGigabytes: Double
  let shareOfRandomBytes: [String: Double]
  let timing: [TimingReport]
}

func option(_ name: String) -> String? {
  guard let index = CommandLine.arguments.firstIndex(of: "--" + name), index + 1 < CommandLine.arguments.count else {
    return nil
  }
  return CommandLine.arguments[index + 1]
}

let emitsJSON = CommandLine.arguments.contains("--json")
let repetitions = max(1, option("repetitions").flatMap { Int($0) } ?? 9)
let draws = max(1_000, option("draws").flatMap { Int($0) } ?? 1_000_000)
let python = option("python") ?? ProcessInfo.processInfo.environment["TACIT_BENCHMARK_PYTHON"] ?? "python3"

let own = interleaved(subjects(), repetitions: repetitions)
let ceiling = own[0].median / 8
var shares: [String: Double] = [:]
for row in own.dropFirst() where !row.name.hasPrefix("reference") && !row.name.hasPrefix("fixed-cost") {
  // The share of the ceiling of one word a draw.
  shares[row.name] = row.median / ceiling
}
let report = NoiseReport(
  speeds: own + Peers.measure(python: python, repetitions: repetitions), randomGigabytes: own[0].median / 1e9,
  shareOfRandomBytes: shares, timing: try timingReports(draws: draws))

if emitsJSON {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
} else {
  for row in report.speeds { print(row.line) }
  print("One word of random bytes a draw would be \((ceiling / 1e6).rounded()) M/s; the share reached:")
  for (name, share) in shares.sorted(by: { $0.key < $1.key }) { print("  \(name): \((share * 100).rounded()) %") }
  for row in report.timing { print(row.line) }
}
