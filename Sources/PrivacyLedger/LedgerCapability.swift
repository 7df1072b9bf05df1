private import Foundation

/// A signed permission to use an owned ledger: what may be done, with which budgets, until when.
///
/// Whoever holds the file may use it, so keep it like a key. It is good for one ledger only.
public struct LedgerCapability: Sendable, Hashable, Codable {
  /// Something a capability can allow.
  public enum Permission: String, Sendable, Hashable, Codable, CaseIterable {
    /// Add budgets.
    case create
    /// Charge events, keep the answers of named releases, and see where the budget stands.
    case charge
    /// Stop spending and allow it again.
    case freeze
    /// See status and history, verify, export and take checkpoints.
    case read
  }

  /// The name of the holder, for people.
  public let holder: String
  /// The hash of the ledger's first entry.
  public let ledger: String
  /// What is allowed.
  public let allow: [Permission]
  /// The budgets it is allowed with; empty for all.
  public let budgets: [String]
  /// The last second, since 1970, at which it is good; `nil` for ever.
  public let until: Int?
  /// The owner's signature, in base64url.
  public let signature: String

  private init(
    holder: String, ledger: String, allow: [Permission], budgets: [String], until: Int?, signature: String
  ) {
    self.holder = holder
    self.ledger = ledger
    self.allow = allow
    self.budgets = budgets
    self.until = until
    self.signature = signature
  }

  /// A capability for a ledger, signed by its owner.
  ///
  /// - Throws: ``LedgerError`` when nothing would be allowed or the holder's name is not one line.
  public init(
    holder: String, ledger: String, allow: [Permission], budgets: [String] = [], until: Int? = nil,
    signedBy key: borrowing LedgerOwnerKey
  ) throws(LedgerError) {
    try LedgerText.check(holder, name: "holder")
    for budget in budgets { try LedgerText.check(budget, name: "budget") }
    guard !allow.isEmpty else { throw LedgerError(.invalid, "allow: must name at least one permission") }
    let unsigned = LedgerCapability(
      holder: holder, ledger: ledger, allow: Array(Set(allow)).sorted { $0.rawValue < $1.rawValue }, budgets: budgets,
      until: until, signature: "")
    self.init(
      holder: holder, ledger: ledger, allow: unsigned.allow, budgets: budgets, until: until,
      signature: try key.sign(unsigned.fields))
  }

  /// Reads the JSON form; the signature is checked when the ledger is opened.
  ///
  /// - Throws: ``LedgerError`` when the text is no capability.
  public init(json: String) throws(LedgerError) {
    guard json.utf8.count <= 65_536,
      let read = try? JSONDecoder().decode(LedgerCapability.self, from: Data(json.utf8))
    else { throw LedgerError(.invalid, "capability: is not a ledger capability") }
    self = read
  }

  /// The JSON form, one line.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// What the signature covers.
  private var fields: [String] {
    ["tacit ledger capability 1", holder, ledger, "\(allow.count)"] + allow.map(\.rawValue) + ["\(budgets.count)"]
      + budgets + [until.map { "until \($0)" } ?? "for ever"]
  }

  /// Whether the owner of a ledger signed it, for that ledger.
  func isGenuine(owner: LedgerPublicKey, ledger: String) -> Bool {
    ledger == self.ledger && owner.verifies(signature, of: fields)
  }

  /// Whether it allows something now, for a budget or, with `nil`, for the whole ledger.
  func allows(_ permission: Permission, budget: String?, now: Int) -> Bool {
    guard until.map({ now <= $0 }) ?? true, allow.contains(permission) else { return false }
    return budgets.isEmpty || budget.map { budgets.contains($0) } ?? false
  }
}
