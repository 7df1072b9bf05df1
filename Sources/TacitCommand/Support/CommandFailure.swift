/// A refusal or failure that ends the command with one line on standard error.
struct CommandFailure: Error, CustomStringConvertible {
  /// What a script sees in `$?`.
  struct Code: Sendable {
    let rawValue: Int32

    /// Refused or failed.
    static let failed = Code(rawValue: 1)
    /// The question could not be decided.
    static let inconclusive = Code(rawValue: 2)
    /// The program under audit misbehaved.
    static let target = Code(rawValue: 3)
    /// The command line is wrong.
    static let usage = Code(rawValue: 64)
    /// Stopped by the user.
    static let interrupted = Code(rawValue: 130)
  }

  /// One line that names the file, line, field or option at fault and never holds data.
  let message: String
  /// The exit code.
  let code: Code

  init(_ message: String, code: Code = .failed) {
    self.message = message
    self.code = code
  }

  var description: String { message }
}
