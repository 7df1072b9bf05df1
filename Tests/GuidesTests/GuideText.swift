import Foundation
import Testing

/// Holds a guide's Swift code against the test that compiles it.
enum GuideText {
  /// The lines of Swift in a guide that the test file does not have; `nil` when the sources are not there, as when tests
  /// run away from them.
  static func uncompiled(_ guide: String, in test: String = #filePath) -> (missing: [String], shown: Int)? {
    let root = URL(fileURLWithPath: test).deletingLastPathComponent().appending(path: "../..")
    guard let text = try? String(contentsOf: root.appending(path: guide), encoding: .utf8),
      let source = try? String(contentsOfFile: test, encoding: .utf8)
    else { return nil }
    let known = Set(source.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
    var missing: [String] = []
    var shown = 0
    var isCode = false
    for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
      if line.hasPrefix("```") {
        isCode = line == "```swift"
      } else if isCode {
        shown += 1
        if !known.contains(line) { missing.append(line) }
      }
    }
    return (missing, shown)
  }

  /// Expects that every line is compiled.
  static func check(_ guide: String, atLeast lines: Int, in test: String = #filePath) {
    guard let (missing, shown) = uncompiled(guide, in: test) else { return }
    #expect(missing.isEmpty)
    #expect(shown >= lines)
  }
}
