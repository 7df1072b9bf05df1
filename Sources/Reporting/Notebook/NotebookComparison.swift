/// Compares a run of a notebook with a committed report.
///
/// Words must agree exactly and numbers to a relative tolerance. Drawings are not compared, since their numbers are
/// those of the tables and checks beside them, nor is what a notebook says differs from run to run.
package enum NotebookComparison {
  /// The relative difference that numbers may have: far above floating-point noise, far below a changed result.
  static let tolerance = 1e-6

  /// The differences, one line each, at most ten; empty when the texts agree.
  package static func differences(of text: String, from golden: String) -> [String] {
    let left = lines(text)
    let right = lines(golden)
    var found: [String] = []
    for index in 0..<max(left.count, right.count) {
      let new = index < left.count ? left[index] : nil
      let old = index < right.count ? right[index] : nil
      if let new, let old, agree(new, old) { continue }
      found.append("line \(index + 1): was `\(old ?? "nothing")`, is `\(new ?? "nothing")`")
      if found.count == 10 { break }
    }
    return found
  }

  /// The lines around what differs from run to run.
  static let varyingStart = "<!-- differs from run to run -->"
  static let varyingEnd = "<!-- end -->"

  /// The lines of a report without its drawings and without what differs from run to run.
  private static func lines(_ text: String) -> [Substring] {
    var depth = 0
    var varies = false
    return text.split(separator: "\n").filter { line in
      if line == varyingEnd { varies = false }
      if varies { return false }
      if line == varyingStart { varies = true }
      if line.hasPrefix("<svg ") { depth += 1 }
      defer { if line == "</svg>" { depth = max(depth - 1, 0) } }
      return depth == 0
    }
  }

  /// Whether two lines say the same, numbers compared as numbers.
  static func agree(_ left: Substring, _ right: Substring) -> Bool {
    if left == right { return true }
    let first = tokens(left)
    let second = tokens(right)
    guard first.count == second.count else { return false }
    return zip(first, second).allSatisfy { one, other in
      if one == other { return true }
      guard let a = Double(one), let b = Double(other), a.isFinite, b.isFinite else { return false }
      return (a - b).magnitude <= tolerance * max(a.magnitude, b.magnitude)
    }
  }

  /// Runs of number characters and the text between them.
  private static func tokens(_ line: Substring) -> [Substring] {
    var parts: [Substring] = []
    var rest = line
    while let first = rest.first {
      let isNumber = isNumberPart(first)
      let run = rest.prefix { isNumberPart($0) == isNumber }
      parts.append(run)
      rest = rest.dropFirst(run.count)
    }
    return parts
  }

  private static func isNumberPart(_ character: Character) -> Bool {
    character.isASCII && (character.isNumber || character == "." || character == "-")
  }
}
