/// A refusal or failure that ends the command with one line on standard error.
package struct CommandFailure: Error, CustomStringConvertible {
  /// What a script sees in `$?`.
  package struct Code: Sendable {
    package let rawValue: Int32

    /// Refused or failed.
    package static let failed = Code(rawValue: 1)
    /// The question could not be decided.
    package static let inconclusive = Code(rawValue: 2)
    /// The program under audit misbehaved.
    package static let target = Code(rawValue: 3)
    /// The command line is wrong.
    package static let usage = Code(rawValue: 64)
    /// Stopped by the user.
    package static let interrupted = Code(rawValue: 130)
  }

  /// One line that names the file, line, field or option at fault and never holds data.
  package let message: String
  /// The exit code.
  package let code: Code

  package init(_ message: String, code: Code = .failed) {
    self.message = message
    self.code = code
  }

  package var description: String { message }
}
