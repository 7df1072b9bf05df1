import ExactMath

/// Arithmetic on the numbers of one row: columns, decimal numbers, `+`, `-`, `*` and parentheses.
///
/// A column's name is letters, digits, `_` and `.`, or anything between backquotes. There is no division: sums,
/// differences and products of decimals are decimals, so a value stays exact until it is put on a metric's grid.
struct Formula: Sendable, Hashable {
  private enum Step: Sendable, Hashable {
    case column(String)
    case number(Rational)
    case add, subtract, multiply, negate
  }

  private let steps: [Step]
  private static let mostSteps = 64

  /// The columns that are read, each once.
  var columns: [String] {
    var result: [String] = []
    for case .column(let name) in steps where !result.contains(name) { result.append(name) }
    return result
  }

  /// Reads a formula; `nil` when it is not one, or longer than 64 steps.
  init?(_ text: String) {
    var parser = Parser(text)
    guard parser.sum(), parser.isAtEnd, parser.steps.count <= Formula.mostSteps else { return nil }
    steps = parser.steps
  }

  /// The value, where every column's is known.
  func value(_ column: (String) -> Rational?) -> Rational? {
    var stack: [Rational] = []
    for step in steps {
      switch step {
      case .column(let name):
        guard let value = column(name) else { return nil }
        stack.append(value)
      case .number(let value): stack.append(value)
      case .negate: stack.append(Rational.zero - stack.removeLast())
      case .add, .subtract, .multiply:
        let right = stack.removeLast()
        let left = stack.removeLast()
        stack.append(step == .add ? left + right : step == .subtract ? left - right : left * right)
      }
    }
    return stack.last
  }

  /// Recursive descent into postfix order.
  private struct Parser {
    private var rest: Substring
    private(set) var steps: [Step] = []
    private var depth = 0

    init(_ text: String) { rest = text[...] }

    var isAtEnd: Bool {
      mutating get {
        skip()
        return rest.isEmpty
      }
    }

    private mutating func skip() { rest = rest.drop { $0 == " " } }

    private mutating func accept(_ character: Character) -> Bool {
      skip()
      guard rest.first == character else { return false }
      rest.removeFirst()
      return true
    }

    mutating func sum() -> Bool {
      guard product() else { return false }
      while true {
        if accept("+") {
          guard product() else { return false }
          steps.append(.add)
        } else if accept("-") {
          guard product() else { return false }
          steps.append(.subtract)
        } else {
          return true
        }
      }
    }

    private mutating func product() -> Bool {
      guard factor() else { return false }
      while accept("*") {
        guard factor() else { return false }
        steps.append(.multiply)
      }
      return true
    }

    private mutating func factor() -> Bool {
      depth += 1
      defer { depth -= 1 }
      guard depth <= Formula.mostSteps else { return false }
      if accept("-") {
        guard factor() else { return false }
        steps.append(.negate)
        return true
      }
      if accept("(") { return sum() && accept(")") }
      if accept("`") {
        let name = rest.prefix { $0 != "`" }
        rest = rest.dropFirst(name.count)
        guard !name.isEmpty, accept("`") else { return false }
        steps.append(.column(String(name)))
        return true
      }
      let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
      guard let first = word.first else { return false }
      rest = rest.dropFirst(word.count)
      guard first.isASCII, first.isNumber || first == "." else {
        steps.append(.column(String(word)))
        return true
      }
      guard word.allSatisfy({ $0 == "." || $0.isASCII && $0.isNumber }), let value = Rational(String(word)) else {
        return false
      }
      steps.append(.number(value))
      return true
    }
  }
}
