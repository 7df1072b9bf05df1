import ExactMath
import Paillier

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
  /// integer·16^exponent in decimal, exactly: m/16^k is m·5^(4k)/10^(4k).
  ///
  /// - Throws: ``PaillierError`` with code `valueOutOfRange` for exponents that no floating-point number has.
  static func applying(exponent: Int, to integer: String) throws(PaillierError) -> String {
    guard abs(exponent) <= 1 << 12 else {
      throw PaillierError(.valueOutOfRange, "e", "the exponent is beyond that of any number")
    }
    guard exponent != 0, var number = Rational(integer) else { return integer }
    for _ in 0..<abs(exponent) { number *= Rational(exponent > 0 ? 16 : 625) }
    let isNegative = number.signum < 0
    var digits = number.magnitude.description
    if exponent < 0 {
      let places = -4 * exponent
      digits = String(repeating: "0", count: max(places + 1 - digits.utf8.count, 0)) + digits
      var fraction = digits.suffix(places)
      while fraction.hasSuffix("0") { fraction.removeLast() }
      digits = digits.dropLast(places) + (fraction.isEmpty ? "" : "." + fraction)
    }
    return (isNegative ? "-" : "") + digits
  }
}
