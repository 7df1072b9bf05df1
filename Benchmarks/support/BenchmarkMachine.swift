private import Foundation

/// What a run has to say of the machine it ran on.
enum BenchmarkMachine {
  static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }

  static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

  static var load: Double {
    let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
    return text.split(separator: " ").first.flatMap { Double($0) } ?? 0
  }

  static var date: String { Date().ISO8601Format() }

  static var versions: [String: String] {
    #if swift(>=6.4)
      let swift = "6.4 or later"
    #elseif swift(>=6.3)
      let swift = "6.3"
    #else
      let swift = "6.2"
    #endif
    return ["swift": swift, "system": ProcessInfo.processInfo.operatingSystemVersionString]
  }
}
