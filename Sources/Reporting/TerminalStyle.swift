private import Glibc

/// What a terminal can show, found once and handed to whatever writes to it.
public struct TerminalStyle: Sendable, Hashable {
  /// Whether escape sequences for bold and dim may be used.
  public var decorated: Bool

  /// Whether characters outside ASCII may be used.
  public var unicode: Bool

  /// The width in cells, when the stream is a terminal that tells it.
  public var width: Int?

  /// Makes a style.
  public init(decorated: Bool, unicode: Bool, width: Int? = nil) {
    self.decorated = decorated
    self.unicode = unicode
    self.width = width
  }

  /// No escape sequences, Unicode, no limit of width.
  public static let plain = TerminalStyle(decorated: false, unicode: true)

  /// The style of a stream of this process.
  ///
  /// Decoration needs a terminal that is not `dumb` and an unset or empty `NO_COLOR` (no-color.org). Unicode needs
  /// a locale that says UTF-8, or none set at all.
  ///
  /// - Parameter descriptor: A file descriptor: 1 for standard output, 2 for standard error.
  public static func of(descriptor: Int32) -> TerminalStyle {
    let isTerminal = isatty(descriptor) == 1
    let noColour = environment("NO_COLOR").map { !$0.isEmpty } ?? false
    let isDumb = environment("TERM") == "dumb"
    let locale = [environment("LC_ALL"), environment("LC_CTYPE"), environment("LANG")]
      .compactMap { $0 }.first { !$0.isEmpty }
    let upper = locale?.uppercased() ?? "UTF-8"
    return TerminalStyle(
      decorated: isTerminal && !noColour && !isDumb,
      unicode: upper.contains("UTF-8") || upper.contains("UTF8"),
      width: isTerminal ? columns(descriptor) : nil)
  }

  /// Text in bold.
  public func bold(_ text: String) -> String {
    decorated ? "\u{1B}[1m\(text)\u{1B}[0m" : text
  }

  /// Text in a fainter tone.
  public func dim(_ text: String) -> String {
    decorated ? "\u{1B}[2m\(text)\u{1B}[0m" : text
  }

  private static func columns(_ descriptor: Int32) -> Int? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return environment("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    }
    return Int(size.ws_col)
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}
