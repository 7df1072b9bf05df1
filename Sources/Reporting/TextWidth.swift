/// How wide text is: in terminal cells, and roughly in pixels of a sans-serif face.
enum TextWidth {
  /// The terminal cells a string takes.
  ///
  /// Combining marks and joiners take none; East Asian wide and emoji scalars take two (Unicode Standard Annex 11,
  /// wide and fullwidth ranges). A cluster is as wide as its widest scalar.
  static func cells(_ text: String) -> Int {
    text.reduce(0) { $0 + cells($1) }
  }

  /// The terminal cells one character takes.
  static func cells(_ character: Character) -> Int {
    if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
    var width = 0
    for scalar in character.unicodeScalars { width = max(width, cells(scalar)) }
    return width
  }

  private static func cells(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
      0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// Text cut to a number of cells, with `…` as its last cell when something was cut.
  static func cut(_ text: String, toCells limit: Int) -> String {
    guard cells(text) > limit else { return text }
    guard limit > 0 else { return "" }
    var kept = ""
    var used = 0
    for character in text {
      let width = cells(character)
      if used + width > limit - 1 { break }
      kept.append(character)
      used += width
    }
    return kept + "…"
  }

  /// An upper estimate of the width in pixels of text in a sans-serif face.
  ///
  /// Classes of glyph width over the common system faces; enough to keep labels apart without measuring fonts.
  static func pixels(_ text: String, fontSize: Double) -> Double {
    var ems = 0.0
    for scalar in text.unicodeScalars {
      switch scalar {
      case "i", "j", "l", "I", "t", "f", "r", ".", ",", ":", ";", "'", "|", "!", "(", ")", "[", "]", " ": ems += 0.36
      case "m", "w", "M", "W", "@", "%", "—", "→", "∞": ems += 0.95
      case "A"..."Z": ems += 0.72
      case "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "⁻": ems += 0.4
      default: ems += cells(scalar) == 2 ? 1.05 : cells(scalar) == 0 ? 0 : 0.59
      }
    }
    return ems * fontSize
  }
}
