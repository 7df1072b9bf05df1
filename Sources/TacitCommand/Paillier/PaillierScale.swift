import ExactMath

/// Fixed-point numbers on the command line: decimal fractions that are whole numbers of steps.
///
/// A scale below 1 is the step itself, a scale of 1 or more is the number of steps in 1: 0.01 and 100 mean the same.
struct PaillierScale {
  let stepsPerUnit: Rational

  init(_ text: String) throws {
    guard text.utf8.count <= 64, let scale = Rational(text), scale > .zero else {
      throw CommandFailure("--scale: a positive decimal number")
    }
    stepsPerUnit = scale < .one ? .one / scale : scale
  }

  /// The number of steps in a decimal value, as a decimal integer.
  func steps(_ value: String, position: Int) throws -> String {
    guard value.utf8.count <= 8192, let number = Rational(value) else {
      throw CommandFailure("value \(position): not a decimal number")
    }
    let steps = number * stepsPerUnit
    guard steps.isInteger else { throw CommandFailure("value \(position): not a whole number of steps of the scale") }
    return steps.description
  }

  /// A number of steps as a decimal value, or as a fraction when it has no finite decimal form.
  func value(_ steps: String) -> String {
    guard let number = Rational(steps) else { return steps }
    let value = number / stepsPerUnit
    return value.decimalDescription
  }
}

extension PaillierScale {
  /// integer·16^exponent in decimal.
  static func applying(exponent: Int, to integer: String) -> String {
    guard exponent != 0, let number = Rational(integer) else { return integer }
    var factor = Rational.one
    for _ in 0..<min(abs(exponent), 1 << 12) { factor *= Rational(16) }
    let value = exponent > 0 ? number * factor : number / factor
    return value.isInteger ? value.description : value.decimalDescription
  }
}
