private import Glibc

/// Where the ticks of an axis stand and what they say.
struct PlotTicks: Hashable {
  /// A labelled position.
  struct Tick: Hashable {
    var value: Double
    var label: String
  }

  var ticks: [Tick]

  /// Round ticks inside a range, at most `limit` of them.
  static func automatic(_ range: ClosedRange<Double>, scale: Plot.Axis.Scale, limit: Int) -> PlotTicks {
    switch scale {
    case .linear: linear(range, limit: max(limit, 2))
    case .logarithmic: logarithmic(range, limit: max(limit, 2))
    }
  }

  /// Ticks at given values, those outside the range left out.
  static func explicit(_ values: [Double], in range: ClosedRange<Double>) -> PlotTicks {
    PlotTicks(
      ticks: values.filter { $0.isFinite && range.contains($0) }.map { Tick(value: $0, label: label($0)) })
  }

  private static func linear(_ range: ClosedRange<Double>, limit: Int) -> PlotTicks {
    let rawStep = (range.upperBound - range.lowerBound) / Double(limit)
    var exponent = NumberText.decimalExponent(rawStep)
    let unit = NumberText.powerOfTen(exponent)
    var factor = [1.0, 2, 5].first { $0 * unit >= rawStep * 0.999_999 } ?? 10
    if factor == 10 {
      factor = 1
      exponent += 1
    }
    let step = factor * NumberText.powerOfTen(exponent)
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 200 else { return PlotTicks(ticks: []) }
    let largest = max(range.lowerBound.magnitude, range.upperBound.magnitude)
    let decimals = max(0, -exponent)
    let ticks = stride(from: first, through: last, by: 1).map { index in
      // A whole multiple of ten to a negative power is divided, not multiplied: 3 / 10 is nearer 0.3 than 3 × 0.1.
      let value = exponent < 0 ? index * factor / NumberText.powerOfTen(-exponent) : index * step
      return Tick(value: value, label: linearLabel(value, decimals: decimals, largest: largest))
    }
    return PlotTicks(ticks: ticks)
  }

  private static func linearLabel(_ value: Double, decimals: Int, largest: Double) -> String {
    if largest >= 1e7 || decimals > 5 { return label(value) }
    if decimals == 0 { return typographic(NumberText.grouped(Int(value.rounded()))) }
    return typographic(NumberText.fixed(value, decimals: decimals))
  }

  private static func logarithmic(_ range: ClosedRange<Double>, limit: Int) -> PlotTicks {
    let low = NumberText.decimalExponent(range.lowerBound)
    let high = NumberText.decimalExponent(range.upperBound)
    func values(_ factors: [Double], every stepping: Int) -> [Double] {
      var found: [Double] = []
      for exponent in low...(high + 1) where exponent.quotientAndRemainder(dividingBy: stepping).remainder == 0 {
        for factor in factors {
          let value =
            exponent < 0
            ? factor / NumberText.powerOfTen(-exponent) : factor * NumberText.powerOfTen(exponent)
          if value >= range.lowerBound * 0.999_999, value <= range.upperBound * 1.000_001 { found.append(value) }
        }
      }
      return found
    }
    for factors in [[1.0, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3]] {
      let found = values(factors, every: 1)
      if found.count >= 2, found.count <= limit {
        return PlotTicks(ticks: found.map { Tick(value: $0, label: label($0)) })
      }
    }
    for stepping in 1...400 {
      let found = values([1], every: stepping)
      if found.count <= limit {
        guard found.count >= 2 else { break }
        return PlotTicks(ticks: found.map { Tick(value: $0, label: powerLabel($0)) })
      }
    }
    return linear(range, limit: limit)
  }

  /// Powers of ten as powers once they are long to read: `0.01`, `1`, `1,000`, then `10⁴`.
  private static func powerLabel(_ value: Double) -> String {
    (1e-2...1e3).contains(value) ? label(value) : scientific(value)
  }

  /// A tick label for any value.
  static func label(_ value: Double) -> String {
    if value == 0 { return "0" }
    let magnitude = value.magnitude
    if magnitude >= 1e7 || magnitude < 1e-4 { return scientific(value) }
    if magnitude >= 1000, magnitude == magnitude.rounded() { return typographic(NumberText.grouped(Int(value))) }
    return typographic(NumberText.significant(value, digits: 5))
  }

  private static func scientific(_ value: Double) -> String {
    var exponent = NumberText.decimalExponent(value.magnitude)
    var mantissa = NumberText.significant(NumberText.scaled(value, byTenTo: -exponent), digits: 3)
    if mantissa == "10" || mantissa == "-10" {
      mantissa = mantissa == "10" ? "1" : "-1"
      exponent += 1
    }
    let power = "10" + superscript(exponent)
    switch mantissa {
    case "1": return power
    case "-1": return "−" + power
    default: return typographic(mantissa) + "×" + power
    }
  }

  private static func superscript(_ exponent: Int) -> String {
    let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return String(String(exponent).map { $0 == "-" ? "⁻" : digits[$0.wholeNumberValue ?? 0] })
  }

  private static func typographic(_ text: String) -> String {
    text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}

/// The map from values to pixels along one axis.
struct PlotScale: Hashable {
  let scale: Plot.Axis.Scale
  let range: ClosedRange<Double>
  let start: Double
  let end: Double

  /// The pixel of a value; values outside the range give pixels outside, values with no place give the nearer end.
  func position(_ value: Double) -> Double {
    switch scale {
    case .linear:
      return start + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * (end - start)
    case .logarithmic:
      guard value > 0 else { return start }
      let low = log(range.lowerBound)
      return start + (log(value) - low) / (log(range.upperBound) - low) * (end - start)
    }
  }

  /// The pixel of a value moved to the nearer end when it lies outside.
  func clamped(_ value: Double) -> Double {
    position(min(max(value, range.lowerBound), range.upperBound))
  }
}

extension Plot {
  /// The part of an axis that is shown: the one asked for, or the data with a little air around it.
  ///
  /// - Parameters:
  ///   - axis: The axis.
  ///   - values: Everything that should be visible.
  ///   - anchor: Whether the range starts at zero, as bars do.
  static func shownRange(_ axis: Axis, values: [Double], anchor: Bool) -> ClosedRange<Double> {
    if let asked = axis.usableRange { return asked }
    let usable = values.filter { axis.canShow($0) && $0.magnitude < 1e300 }
    guard var low = usable.min(), var high = usable.max() else {
      return axis.scale == .linear ? 0...1 : 1...10
    }
    if axis.scale == .logarithmic {
      guard low < high else { return (low / 2)...(high * 2) }
      let air = pow(high / low, 0.05)
      return (low / air)...(high * air)
    }
    if anchor {
      low = min(low, 0)
      high = max(high, 0)
    }
    guard low < high else {
      let air = low == 0 ? 1 : low.magnitude * 0.1
      return (low - air)...(high + air)
    }
    let air = (high - low) * 0.05
    return (anchor && low == 0 ? 0 : low - air)...(anchor && high == 0 ? 0 : high + air)
  }
}
