import ExactMath
import PrivacyAccounting

/// What mechanisms accept of their parameters; anything else is refused at construction.
enum ScaleLimits {
  /// Numerators and denominators have at most this many 64-bit words, so that no parameter makes a draw slow.
  static let words = 16

  /// Refuses a scale outside [1/1024, 2⁵⁰].
  static func checkScale(_ scale: Rational, _ name: String = "scale") throws(ParameterError) {
    try check(scale, from: Rational(1, 1_024), through: Rational(1 << 50), name, "2^-10 to 2^50 grid steps")
  }

  /// Refuses a variance outside [2⁻²⁰, 2¹⁰⁰].
  static func checkVariance(_ variance: Rational, _ name: String = "sigma") throws(ParameterError) {
    let most = Rational(1 << 50) * Rational(1 << 50)
    try check(variance, from: Rational(1, 1 << 20), through: most, name, "2^-10 to 2^50 grid steps")
  }

  private static func check(
    _ value: Rational, from least: Rational, through most: Rational, _ name: String, _ range: String
  ) throws(ParameterError) {
    guard value >= least, value <= most else {
      throw ParameterError(.outOfRange, name, "must be from \(range)")
    }
    try checkDigits(value, name)
  }

  /// Refuses a value that is not above zero.
  static func checkPositive(_ value: Rational, _ name: String) throws(ParameterError) {
    guard value.signum > 0 else { throw ParameterError(.outOfRange, name, "must be above 0") }
  }

  /// Refuses a sensitivity that is not above zero.
  static func checkSensitivity(_ value: Int) throws(ParameterError) {
    guard value > 0 else { throw ParameterError(.outOfRange, "sensitivity", "must be a whole number > 0") }
  }

  /// Refuses a fraction that would make a draw slow.
  static func checkDigits(_ value: Rational, _ name: String) throws(ParameterError) {
    guard value.numeratorWords.count <= words, value.denominatorWords.count <= words else {
      throw ParameterError(.outOfRange, name, "has too many digits")
    }
  }
}
