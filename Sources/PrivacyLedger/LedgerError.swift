import PrivacyAccounting

/// Why a ledger could not be used; nothing was charged.
public struct LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Hashable, Sendable {
    private let name: String

    private init(_ name: String) { self.name = name }

    /// The file is missing, not a ledger, locked, read-only, or the disk is full.
    public static let unavailable = Code("unavailable")
    /// No budget has that name.
    public static let unknownBudget = Code("unknownBudget")
    /// A budget of that name exists.
    public static let repeatedBudget = Code("repeatedBudget")
    /// A name, label or limit is not usable.
    public static let invalid = Code("invalid")
    /// A release name was used for another query.
    public static let otherRelease = Code("otherRelease")
    /// The ledger has an owner, and no valid capability allows this.
    public static let denied = Code("denied")
    /// A charge was refused; only seen inside the ledger.
    static let refused = Code("refused")
    /// The stored history does not hang together.
    public static let broken = Code("broken")
  }

  /// The kind of failure.
  public let code: Code
  /// One line that names the file or the field.
  public let message: String
  private var inner: BudgetRefusal.Code?

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// A refusal on its way out of a transaction, which it undoes.
  init(refusal: BudgetRefusal) {
    self.init(.refused, refusal.message)
    inner = refusal.code
  }

  /// The same reason as a budget gives it.
  var refusal: BudgetRefusal {
    if let inner { return BudgetRefusal(inner, message) }
    let reason: BudgetRefusal.Code =
      switch code {
      case .unknownBudget: .unknownBudget
      case .otherRelease: .mismatch
      case .denied: .denied
      default: .unavailable
      }
    return BudgetRefusal(reason, message)
  }

  /// The message.
  public var description: String { message }

  /// What went wrong in the database, in words that need no knowledge of SQLite.
  init(_ error: any Error, path: String) {
    if let error = error as? LedgerError {
      self = error
      return
    }
    let reason = (error as? LedgerDatabase.Failure)?.reason ?? "failed"
    self.init(.unavailable, "\(path): \(reason)")
  }
}
