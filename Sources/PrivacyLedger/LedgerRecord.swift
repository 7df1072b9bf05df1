/// One entry of a ledger's history.
///
/// Entries form a hash chain: each carries the SHA-256 of everything in it and of the entry before. Altering,
/// removing or reordering one breaks every hash after it; cutting the end off or rewriting the whole chain shows only
/// against a copy of a later ``hash`` kept elsewhere.
public struct LedgerRecord: Sendable, Hashable, Codable {
  /// What happened.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The ledger was given an owner; the detail is the public key. Only ever the first entry.
    case own
    /// A budget was created; the detail is its terms.
    case create
    /// An event was charged; the detail is its canonical text.
    case charge
    /// All spending from a budget was stopped.
    case freeze
    /// Spending was allowed again.
    case unfreeze
  }

  /// The place in the history, from 1 without gaps.
  public let position: Int
  /// When it happened, in seconds since 1970 by the machine's clock; no promise hangs on it.
  public let time: Int
  /// What happened.
  public let kind: Kind
  /// The budget it happened to; empty for the owner's entry.
  public let budget: String
  /// The owner's key, the terms of a new budget as JSON, or the event of a charge; empty otherwise.
  public let detail: String
  /// The public label of a charge; random text for the owner’s entry; empty otherwise.
  public let label: String
  /// The operator's name of the release that was charged, if any.
  public let release: String?
  /// The total spent from the budget after this entry, exactly.
  public let spent: String
  /// The hash of the entry before, in hexadecimal; sixty-four zeros for the first.
  public let previous: String
  /// The hash of this entry, in hexadecimal.
  public let hash: String

  /// The hash before the first entry.
  static let origin = String(repeating: "0", count: 64)

  /// An entry that continues a chain.
  package init(
    position: Int, time: Int, kind: Kind, budget: String, detail: String, label: String, release: String?,
    spent: String, previous: String
  ) {
    self.position = position
    self.time = time
    self.kind = kind
    self.budget = budget
    self.detail = detail
    self.label = label
    self.release = release
    self.spent = spent
    self.previous = previous
    self.hash = LedgerDigest.hash(
      [
        "tacit ledger 1", "\(position)", "\(time)", kind.rawValue, budget, detail, label,
        release.map { "name:" + $0 } ?? "none", spent, previous,
      ])
  }

  /// An entry as it was stored, whether or not its hash is right.
  init(
    stored position: Int, time: Int, kind: Kind, budget: String, detail: String, label: String, release: String?,
    spent: String, previous: String, hash: String
  ) {
    self.position = position
    self.time = time
    self.kind = kind
    self.budget = budget
    self.detail = detail
    self.label = label
    self.release = release
    self.spent = spent
    self.previous = previous
    self.hash = hash
  }

  /// The entry with its hash computed again.
  var recomputed: LedgerRecord {
    LedgerRecord(
      position: position, time: time, kind: kind, budget: budget, detail: detail, label: label, release: release,
      spent: spent, previous: previous)
  }
}
