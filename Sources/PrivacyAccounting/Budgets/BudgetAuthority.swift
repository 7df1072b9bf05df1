/// Whoever grants privacy loss: a budget in memory or a durable ledger.
///
/// The order is fixed: charge, then run, then release. A charge that was granted stands whatever happens next; a
/// refused charge leaves the authority unchanged, and the refusal depends on public amounts only.
public protocol BudgetAuthority: Sendable {
  /// The adjacency for which the authority's limit is stated; an event must be stated for the same one.
  var adjacency: Adjacency { get }

  /// Charges an event once, durably where the authority is durable, before anything is released.
  ///
  /// - Parameters:
  ///   - event: what is about to be released, complete.
  ///   - label: a public name for the history; never data.
  /// - Throws: ``BudgetRefusal`` when the event does not fit, has no theorem under the authority's filter, or the
  ///   authority cannot record it.
  @discardableResult
  func charge(_ event: PrivacyEvent, label: String) throws(BudgetRefusal) -> BudgetReceipt
}

/// Proof that an event was charged.
public struct BudgetReceipt: Sendable, Hashable {
  /// The event that was charged.
  public let event: PrivacyEvent
  /// Its label in the history.
  public let label: String
  /// The position of the charge in the authority's history, from 1.
  public let position: Int
  /// What is left, in the authority's own measure, for example `epsilon=0.5, delta=1e-6`.
  public let remaining: String

  /// For authorities only: a receipt is made by whoever recorded the charge.
  public init(event: PrivacyEvent, label: String, position: Int, remaining: String) {
    self.event = event
    self.label = label
    self.position = position
    self.remaining = remaining
  }
}

/// Why a charge was refused.
///
/// Nothing was spent.
public struct BudgetRefusal: Error, Hashable, CustomStringConvertible {
  /// The reason, in a form that code can test.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name of the code.
    public let description: String

    /// A code of the given name.
    public init(_ description: String) { self.description = description }

    /// The event does not fit in what is left.
    public static let exhausted = Code("exhausted")
    /// The filter has no theorem for the event.
    public static let unsupportedEvent = Code("unsupported-event")
    /// All spending was stopped by the owner.
    public static let frozen = Code("frozen")
    /// The authority allows this to others only.
    public static let denied = Code("denied")
    /// No budget has that name.
    public static let unknownBudget = Code("unknown-budget")
    /// The event's adjacency or unit is not the budget's.
    public static let mismatch = Code("mismatch")
    /// The charge could not be recorded, so it was not granted.
    public static let unavailable = Code("unavailable")
  }

  /// The reason.
  public let code: Code
  /// One line for a person: which bound would break and what would still fit; public amounts only.
  public let message: String

  /// A refusal with its reason.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
