private import Dispatch
private import Glibc
private import Synchronization

/// A line on standard error that says how far a long task is and when it will end.
///
/// On a terminal the line is drawn over itself, at most ten times a second, with a bar and an estimate of the time
/// left. Elsewhere nothing is written, or plain lines at a chosen pace, so that logs stay short. Nothing ever goes to
/// standard output. Any thread may report.
///
/// ```swift
/// let progress = ProgressLine("training", total: rounds)
/// for round in 1...rounds {
///   …
///   progress.update(round, note: "loss 0.31, accuracy 0.92, ε 2.4")
/// }
/// progress.finish("accuracy 0.94")
/// ```
public final class ProgressLine: Sendable {
  /// What is written when standard error is not a terminal.
  public enum WhenRedirected: Sendable, Hashable {
    /// Nothing.
    case silent
    /// A plain line at most every so many seconds, and one at the end.
    case lines(everySeconds: Double)
  }

  private struct State {
    var completed = 0
    var note = ""
    var lastWritten: Double?
    var finished = false
  }

  private let label: String
  private let total: Int
  private let unit: String
  private let redirected: WhenRedirected
  private let patience: Double
  private let style: TerminalStyle
  private let isTerminal: Bool
  private let seconds: @Sendable () -> Double
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// Starts a progress line on standard error.
  ///
  /// - Parameters:
  ///   - label: What is being done, in a word or two.
  ///   - total: The number of steps; 0 when it is not known, which leaves out the bar and the estimate.
  ///   - unit: What a step is, written after their number; nothing for plain steps.
  ///   - whenRedirected: What is written when standard error is not a terminal.
  ///   - patience: Seconds in which nothing is written; a task that ends within them is not mentioned.
  public convenience init(
    _ label: String, total: Int, unit: String = "", whenRedirected: WhenRedirected = .silent,
    after patience: Double = 0
  ) {
    let start = ContinuousClock.now
    self.init(
      label, total: total, unit: unit, whenRedirected: whenRedirected, after: patience,
      style: .of(descriptor: STDERR_FILENO),
      isTerminal: isatty(STDERR_FILENO) == 1,
      seconds: {
        let (whole, atto) = start.duration(to: .now).components
        return Double(whole) + Double(atto) * 1e-18
      },
      write: { StandardError.write($0) })
  }

  /// A progress line with its clock and its output given, for tests.
  package init(
    _ label: String, total: Int, unit: String = "", whenRedirected: WhenRedirected, after patience: Double = 0,
    style: TerminalStyle, isTerminal: Bool, seconds: @escaping @Sendable () -> Double,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.label = label
    self.total = max(total, 0)
    self.unit = unit.isEmpty ? "" : " " + unit
    self.redirected = whenRedirected
    self.patience = patience
    self.style = style
    self.isTerminal = isTerminal
    self.seconds = seconds
    self.write = write
  }

  /// Says how many steps are done.
  ///
  /// - Parameters:
  ///   - completed: Steps done so far.
  ///   - note: The latest figures, shown after the estimate.
  public func update(_ completed: Int, note: String = "") {
    let now = seconds()
    state.withLock { state in
      guard !state.finished, now >= patience else { return }
      state.completed = completed
      state.note = note
      let pace: Double
      if isTerminal {
        pace = 0.1
      } else if case .lines(let every) = redirected {
        pace = every
      } else {
        return
      }
      guard now - (state.lastWritten ?? -.infinity) >= pace else { return }
      state.lastWritten = now
      write(isTerminal ? redrawn(line(state, now: now)) : plainLine(state, now: now))
    }
  }

  /// Writes the last line and ends; later calls do nothing.
  ///
  /// - Parameter note: The result, shown after the time taken.
  public func finish(_ note: String = "") {
    let now = seconds()
    state.withLock { state in
      guard !state.finished else { return }
      state.finished = true
      guard isTerminal || redirected != .silent, patience == 0 || state.lastWritten != nil else { return }
      let text = "\(label): done in \(NumberText.duration(now))\(note.isEmpty ? "" : ", \(note)")"
      write(isTerminal ? redrawn(text) + "\n" : text + "\n")
    }
  }

  /// Does something of which nobody knows how long it takes, and counts seconds on a terminal once two have passed.
  ///
  /// - Parameters:
  ///   - label: What is being done, in a word or two.
  ///   - body: The work.
  /// - Returns: What the work returns.
  public static func during<Value: ~Copyable, Failure: Error>(
    _ label: String, _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let line = ProgressLine(label, total: 0, unit: "s", after: 2)
    guard line.isTerminal else { return try body() }
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.setEventHandler { line.update(Int(line.seconds())) }
    timer.schedule(deadline: .now() + 2, repeating: 1)
    timer.activate()
    defer {
      timer.cancel()
      line.finish()
    }
    return try body()
  }

  /// The time left, from the pace so far; `nil` before the first step and without a total.
  static func secondsLeft(completed: Int, total: Int, elapsed: Double) -> Double? {
    guard completed > 0, total >= completed, elapsed > 0 else { return nil }
    return elapsed / Double(completed) * Double(total - completed)
  }

  private func line(_ state: State, now: Double) -> String {
    var text = label
    if total > 0 {
      text += " \(bar(state.completed)) \(state.completed)/\(total)\(unit)"
      if let left = Self.secondsLeft(completed: state.completed, total: total, elapsed: now), left >= 1 {
        text += ", \(NumberText.duration(left.rounded())) left"
      }
    } else {
      text += " \(state.completed)\(unit)"
    }
    return state.note.isEmpty ? text : text + "  " + state.note
  }

  private func plainLine(_ state: State, now: Double) -> String {
    let count = (total > 0 ? "\(state.completed)/\(total)" : "\(state.completed)") + unit
    let note = state.note.isEmpty ? "" : ", \(state.note)"
    return "\(label): \(count) after \(NumberText.duration(now))\(note)\n"
  }

  private func bar(_ completed: Int) -> String {
    let cells = 16
    let eighths = Int(Double(cells * 8) * min(max(Double(completed) / Double(total), 0), 1))
    guard style.unicode else {
      let full = eighths / 8
      return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: cells - full) + "]"
    }
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let filled = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    return style.dim("▕") + filled + String(repeating: " ", count: cells - TextWidth.cells(filled)) + style.dim("▏")
  }

  /// A line that replaces the one before it, cut so that it never wraps.
  private func redrawn(_ text: String) -> String {
    let room = (style.width ?? 80) - 1
    let visible = Self.withoutEscapes(text)
    let shown = TextWidth.cells(visible) > room ? TextWidth.cut(visible, toCells: room) : text
    return "\r\(shown)\u{1B}[K"
  }

  private static func withoutEscapes(_ text: String) -> String {
    var kept = ""
    var inEscape = false
    for character in text {
      if character == "\u{1B}" { inEscape = true } else if !inEscape { kept.append(character) }
      if inEscape, character == "m" { inEscape = false }
    }
    return kept
  }
}
