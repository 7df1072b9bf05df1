private import Foundation

/// An option that only one benchmark has.
public struct BenchmarkOption: Sendable, Hashable {
  /// Its name without the dashes.
  public var name: String
  /// What its value is called in the help; nil for a switch.
  public var value: String?
  /// What it does, in a line.
  public var help: String

  /// Describes an option.
  public init(_ name: String, _ value: String? = nil, _ help: String) {
    self.name = name
    self.value = value
    self.help = help
  }

  /// The Python that has the peers.
  public static let python = BenchmarkOption(
    "python", "PATH", "a Python with the peers, as scripts/peers makes it; or TACIT_BENCHMARK_PYTHON")
}

/// What was asked on the command line of a benchmark, checked.
struct BenchmarkCommandLine {
  static let shared = [
    BenchmarkOption("filter", "TEXT", "only what has this text in its name"),
    BenchmarkOption("quick", nil, "fewer sizes and repetitions"),
    BenchmarkOption("repetitions", "N", "how often each is measured, 1 to 1000"),
    BenchmarkOption("json", "PATH", "keep the run; - is standard output, and nothing else is printed there"),
    BenchmarkOption("compare", "PATH", "compare with a kept run; ends with 1 when something takes longer"),
    BenchmarkOption("tolerance", "X", "with --compare: how many times as long is still allowed, 1.5 unless given"),
    BenchmarkOption("help", nil, "this text"),
  ]

  let name: String
  let about: String
  let subjects: [String]
  let own: [BenchmarkOption]
  private(set) var values: [String: String] = [:]
  private(set) var switches: Set<String> = []
  private(set) var words: [String] = []

  init(name: String, about: String, subjects: [String], own: [BenchmarkOption]) {
    self.name = name
    self.about = about
    self.subjects = subjects
    self.own = own
    let known = own + Self.shared
    var left = CommandLine.arguments.dropFirst()
    while let word = left.popFirst() {
      guard word.hasPrefix("--") else {
        if word.hasPrefix("-"), word.count > 1 { refuse("unknown option \(word)") }
        if subjects.isEmpty { refuse("\(word) is one word too many") }
        words.append(word)
        continue
      }
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(parts[0])
      guard let option = known.first(where: { $0.name == key }) else { refuse("unknown option --\(key)") }
      guard option.value != nil else {
        if parts.count > 1 { refuse("--\(key) takes no value") }
        switches.insert(key)
        continue
      }
      guard let value = parts.count > 1 ? String(parts[1]) : left.popFirst(), !value.isEmpty else {
        refuse("--\(key) needs a value")
      }
      values[key] = value
    }
    if switches.contains("help") {
      print(help)
      exit(0)
    }
  }

  /// An integer within bounds; anything else ends the process with code 64.
  func integer(_ option: String, within range: ClosedRange<Int>) -> Int? {
    guard let text = values[option] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      refuse("--\(option) needs an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// One line on standard error, and code 64.
  func refuse(_ message: String) -> Never {
    try? FileHandle.standardError.write(
      contentsOf: Data("benchmark-\(name): \(message); --help lists what there is\n".utf8))
    exit(64)
  }

  private var help: String {
    let usage = subjects.isEmpty ? "" : " [\(subjects.joined(separator: "|")) ...]"
    let lines = (own + Self.shared).map { option in
      let left = "  --\(option.name)" + (option.value.map { " \($0)" } ?? "")
      return left + String(repeating: " ", count: max(2, 24 - left.count)) + option.help
    }
    return "usage: benchmark-\(name)\(usage) [OPTION ...]\n\n\(about)\n\n\(lines.joined(separator: "\n"))"
  }
}
