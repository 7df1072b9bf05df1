/// Numbers as people read them, formed without locale and without Foundation, so that the same value always
/// gives the same text.
public enum NumberText {
  /// A number with a fixed count of decimals.
  ///
  /// Halves round away from zero, after one multiplication by a power of ten.
  ///
  /// **Edge cases**: NaN is `nan`, infinities are `inf` and `-inf`; a value that rounds to zero has no sign; from
  /// 10¹⁵ on the shortest exact decimal is printed instead.
  ///
  /// - Parameters:
  ///   - value: The number.
  ///   - decimals: Digits after the point, 0 to 15.
  public static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return nonFinite(value) }
    let places = min(max(decimals, 0), 15)
    let scaled = (value.magnitude * powerOfTen(places)).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let digits = String(Int64(scaled))
    let padded = digits.count > places ? digits : String(repeating: "0", count: places + 1 - digits.count) + digits
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard places > 0 else { return sign + padded }
    return sign + padded.dropLast(places) + "." + padded.suffix(places)
  }

  /// A number to a count of significant digits, without trailing zeros, in exponent form when very large or small.
  ///
  /// **Edge cases**: as ``fixed(_:decimals:)``; zero is `0`.
  ///
  /// - Parameters:
  ///   - value: The number.
  ///   - digits: Significant digits, 1 to 15.
  public static func significant(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return nonFinite(value) }
    guard value != 0 else { return "0" }
    let kept = min(max(digits, 1), 15)
    var exponent = decimalExponent(value.magnitude)
    // Rounding may carry into the next decade: 9.996 to three digits is 10.
    if scaled(value.magnitude, byTenTo: kept - 1 - exponent).rounded() >= powerOfTen(kept) { exponent += 1 }
    guard exponent >= -5, exponent < 9 else {
      let mantissa = trimmed(fixed(scaled(value, byTenTo: -exponent), decimals: kept - 1))
      return "\(mantissa)e\(exponent)"
    }
    let places = kept - 1 - exponent
    guard places < 0 else { return trimmed(fixed(value, decimals: places)) }
    let unit = powerOfTen(-places)
    return fixed((value / unit).rounded() * unit, decimals: 0)
  }

  /// An integer with commas between groups of three digits.
  public static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return text
  }

  /// A time span in the unit a reader expects: `850 ns`, `12.3 ms`, `4.52 s`, `2 min 05 s`, `1 h 04 min`.
  ///
  /// - Parameter seconds: The span; negative or NaN gives `?`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds >= 0 else { return "?" }
    guard seconds.isFinite else { return nonFinite(seconds) }
    if seconds < 1e-6 { return "\(fixed(seconds * 1e9, decimals: 0)) ns" }
    if seconds < 1e-3 { return "\(significant(seconds * 1e6, digits: 3)) µs" }
    if seconds < 0.9995 { return "\(significant(seconds * 1e3, digits: 3)) ms" }
    if seconds < 59.95 { return "\(fixed(seconds, decimals: seconds < 9.995 ? 2 : 1)) s" }
    guard seconds < 1e9 else { return "\(significant(seconds / 3600, digits: 3)) h" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
    return "\(whole / 3600) h \(twoDigits(whole % 3600 / 60)) min"
  }

  /// A count of bytes in decimal units: `512 B`, `1.2 kB`, `34 MB`.
  public static func bytes(_ count: Int) -> String {
    let size = Double(count)
    for (unit, name) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")] where size.magnitude >= unit {
      return "\(significant(size / unit, digits: 3)) \(name)"
    }
    return "\(count) B"
  }

  /// Ten to an integer power; exact while the power is at most 22 in magnitude or rounds once.
  static func powerOfTen(_ exponent: Int) -> Double {
    var power = 1.0
    for _ in 0..<min(exponent.magnitude, 400) { power *= 10 }
    return exponent < 0 ? 1 / power : power
  }

  /// A number times ten to an integer power, without passing through infinity or zero on the way.
  static func scaled(_ value: Double, byTenTo exponent: Int) -> Double {
    let first = min(max(exponent, -150), 150)
    let rest = exponent - first
    let scaled = first < 0 ? value / powerOfTen(-first) : value * powerOfTen(first)
    return rest == 0 ? scaled : self.scaled(scaled, byTenTo: rest)
  }

  /// The exponent of the leading decimal digit of a positive finite number.
  static func decimalExponent(_ magnitude: Double) -> Int {
    // log₁₀ 2 times the binary exponent is at most one too low, or one too high after rounding.
    var exponent = Int((Double(magnitude.exponent) * 0.301_029_995_663_981_2).rounded(.down))
    while scaled(magnitude, byTenTo: -exponent) >= 10 { exponent += 1 }
    while scaled(magnitude, byTenTo: -exponent) < 1 { exponent -= 1 }
    return exponent
  }

  private static func nonFinite(_ value: Double) -> String {
    value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var kept = Substring(text)
    while kept.hasSuffix("0") { kept.removeLast() }
    if kept.hasSuffix(".") { kept.removeLast() }
    return String(kept)
  }

  private static func twoDigits(_ value: Int) -> String {
    value < 10 ? "0\(value)" : "\(value)"
  }
}
