import PrivacyAuditing
import Reporting
import TacitVerbs

/// What `--attribute` finds.
extension AuditModelCommand {
  struct Attribute: Encodable {
    struct Guesser: Encodable {
      let guesser: String
      let asks_model: Bool
      let right_members: Int
      let members: Int
      let right_others: Int
      let others: Int
      let advantage: Double
    }
    let feature: Int
    let values: Int
    let leaks: Bool
    let guessers: [Guesser]
  }

  /// The error of all guessers of one feature is shared between those that ask the model.
  private func telling(_ audit: AttributeAudit) -> AttributeAudit.Row? {
    let asking = audit.rows.filter(\.asksModel)
    return asking.filter { $0.tellsMembers(alpha: alpha / Double(asking.count)) }
      .max { $0.shareOfMembers < $1.shareOfMembers }
  }

  func finding(_ audit: AttributeAudit) -> AuditFinding {
    func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 3) }
    let told = telling(audit)
    let best = told ?? audit.rows.filter(\.asksModel).max { $0.shareOfMembers < $1.shareOfMembers }
    let blind = audit.rows.filter { !$0.asksModel }.map(\.shareOfMembers).max() ?? 0
    return AuditFinding(
      check: "attribute-inference", level: told == nil ? .none : .warning,
      detail:
        "feature \(audit.place), \(audit.values) values: guessed with the model of \(text(best?.shareOfMembers ?? 0)) "
        + "of members and \(text(best?.shareOfOthers ?? 0)) of others, without it of \(text(blind)) of members"
        + (told == nil ? "; members are not guessed better than others beyond chance" : ""),
      remedy: told == nil ? "" : "Train with privacy, or leave the attribute out of what the model is asked.",
      hazard: "models memorise training data")
  }

  func document(_ audit: AttributeAudit) -> Attribute {
    Attribute(
      feature: audit.place, values: audit.values, leaks: telling(audit) != nil,
      guessers: audit.rows.map {
        Attribute.Guesser(
          guesser: $0.guesser, asks_model: $0.asksModel, right_members: $0.rightMembers, members: $0.members,
          right_others: $0.rightOthers, others: $0.others, advantage: $0.shareOfMembers - $0.shareOfOthers)
      })
  }

  static func table(_ audit: AttributeAudit) -> Table {
    var table = Table(
      caption: "feature \(audit.place), hidden, one of \(audit.values) values",
      columns: [.text("guessed by"), .number("of members (95 %)"), .number("of others"), .number("advantage")])
    for row in audit.rows {
      table.add([
        row.guesser, AuditResult.share(row.shareOfMembers, row.interval),
        NumberText.fixed(row.shareOfOthers, decimals: 3),
        NumberText.fixed(row.shareOfMembers - row.shareOfOthers, decimals: 3),
      ])
    }
    return table
  }

  func readAttributes() throws -> [Int] {
    guard let attribute else { return [] }
    let places = attribute.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard places.allSatisfy({ $0.map { $0 >= 0 } ?? false }), places.count <= 16 else {
      throw CommandFailure("--attribute: wants at most 16 feature numbers separated by commas", code: .usage)
    }
    return places.compactMap { $0 }
  }
}
