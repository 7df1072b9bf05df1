import Foundation

// The speed of exact noise beside what people use today, in one run, and what the time of a draw tells of it.
//
//     benchmark-noise [--json] [--repetitions 9] [--draws 1000000] [--grid-draws 1000000] [--python PATH]
//
// The Python of a virtual environment with `opendp` and `numpy` is given by --python or TACIT_BENCHMARK_PYTHON.

/// Everything that was measured.
struct NoiseReport: Encodable {
  let speeds: [Measurement]
  /// Random bytes a second in GB: the ceiling of every sampler.
  let randomGigabytes: Double
  let ceilings: [Ceiling]
  let timing: [TimingReport]
  let grid: [GridReport]
}

/// How much of a draw's time its random bytes take.
struct Ceiling: Encodable {
  let name: String
  let bytesPerDraw: Double
  let nanosecondsOfBytes: Double
  let nanosecondsOfDraw: Double
  /// The share of a draw's time that making its bytes takes.
  var share: Double { nanosecondsOfBytes / nanosecondsOfDraw }

  var line: String {
    func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
    let padding = String(repeating: " ", count: max(1, 46 - name.count))
    return
      "\(name)\(padding)\(text(bytesPerDraw)) bytes, \(text(nanosecondsOfBytes)) of \(text(nanosecondsOfDraw)) ns: "
      + "\((share * 100).rounded()) %"
  }
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

let gridDraws = max(1_000, option("grid-draws").flatMap { Int($0) } ?? 1_000_000)

let measured = subjects()
let peers = Peers(python: python)
let own = interleaved(measured, repetitions: repetitions, peers)
let nanosecondsPerByte = 1e9 / own[0].median
let ceilings = zip(measured, own).compactMap { subject, row in
  subject.bytes.map {
    Ceiling(
      name: row.name, bytesPerDraw: $0, nanosecondsOfBytes: $0 * nanosecondsPerByte,
      nanosecondsOfDraw: 1e9 / row.median)
  }
}
let report = NoiseReport(
  speeds: own + peers.measurements(), randomGigabytes: own[0].median / 1e9, ceilings: ceilings,
  timing: try timingReports(draws: draws), grid: try gridReports(draws: gridDraws))

if emitsJSON {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
} else {
  for row in report.speeds { print(row.line) }
  print("Random bytes come at \((report.randomGigabytes * 100).rounded() / 100) GB/s; the share of a draw they take:")
  for row in report.ceilings { print("  " + row.line) }
  for row in report.timing { print(row.line) }
  for row in report.grid { print(row.line) }
}
