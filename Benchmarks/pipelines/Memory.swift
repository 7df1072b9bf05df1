import Foundation

/// Memory of the process as Linux counts them.
enum Memory {
  private static func kilobytes(_ field: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }) else { return 0 }
    return Int(line.filter(\.isNumber)) ?? 0
  }

  /// Forgets the peak so far; returns what is resident now, in megabytes.
  static func forgetPeak() -> Int {
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    return kilobytes("VmRSS:") / 1024
  }

  /// The most megabytes resident since.
  static var peak: Int { kilobytes("VmHWM:") / 1024 }
}
