import Foundation
import PrivacyAccounting
import PrivateStatistics
import Testing

/// Holds the page of keys against what is read.
@Suite struct `The page of keys` {
  /// The page; `nil` when the sources are not there, as when tests run away from them.
  private static let page: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..")
    let path = "Sources/PrivateStatistics/PrivateStatistics.docc/EveryKeyOfAQuery.md"
    return try? String(contentsOf: root.appending(path: path), encoding: .utf8)
  }()

  /// A query with an unknown field in one of its mappings, which is answered by the list of the known ones.
  private static let probes = [
    "query": #""odd":1"#, "budget": #""budget":{"odd":1}"#, "privacy_unit": #""privacy_unit":{"odd":1}"#,
    "bounds": #""bounds":{"odd":1}"#, "group_by": #""group_by":[{"odd":1}]"#,
    "selection": #""selection":{"odd":1}"#, "derive": #""derive":[{"odd":1}]"#, "filter": #""filter":[{"odd":1}]"#,
    "metrics": #""metrics":[{"odd":1}]"#, "top": #""top":{"odd":1}"#, "continual": #""continual":{"odd":1}"#,
    "hierarchy": #""hierarchy":{"odd":1}"#, "hierarchy.levels": #""hierarchy":{"column":"k","levels":[{"odd":1}]}"#,
  ]

  private func fields(of mapping: String) throws -> [String] {
    let probe = try #require(Self.probes[mapping])
    let key = mapping == "query" ? "odd" : mapping
    let rest = [
      "budget": #""budget":{"epsilon":1}"#, "privacy_unit": #""privacy_unit":"rows""#,
      "metrics": #""metrics":[{"name":"n","kind":"count"}]"#,
    ].filter { $0.key != key }.values
    let text = "{" + ([probe] + rest).joined(separator: ",") + "}"
    do {
      _ = try JSONDecoder().decode(Query.self, from: Data(text.utf8))
    } catch {
      var reason = "\(error)"
      if case .dataCorrupted(let context) = error as? DecodingError, let inner = context.underlyingError {
        reason = "\(inner)"
      }
      let known = try #require(reason.range(of: "; the fields are "), "\(mapping): \(reason)")
      return reason[known.upperBound...].split(separator: ", ").map(String.init)
    }
    return []
  }

  /// The page's part under a heading.
  private func section(_ title: String, of page: String) -> Substring {
    guard let start = page.range(of: "\n## `\(title)`\n") ?? page.range(of: "\n## \(title)\n") else { return "" }
    let rest = page[start.upperBound...]
    return rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
  }

  @Test func `every key that a query may have is explained`() throws {
    guard let page = Self.page else { return }
    let top = try fields(of: "query")
    #expect(top.count >= 14)
    for key in top { #expect(page.contains("`\(key)`"), "\(key)") }
    for mapping in Self.probes.keys where mapping != "query" {
      let known = try fields(of: mapping)
      #expect(!known.isEmpty, "\(mapping)")
      let part = section(mapping, of: page)
      for key in known { #expect(part.contains("`\(key)`"), "\(mapping): \(key)") }
    }
  }

  @Test func `every choice that a key may have is named`() throws {
    guard let page = Self.page else { return }
    let metrics = section("metrics", of: page)
    for kind in Metric.Kind.allCases { #expect(metrics.contains("`\(kind.rawValue)`"), "\(kind)") }
    let choices =
      DatePart.allCases.map(\.rawValue) + GroupSelection.Kind.allCases.map(\.rawValue)
      + NoiseChoice.allCases.map(\.rawValue) + BudgetSplit.allCases.map(\.rawValue)
      + BadRowPolicy.allCases.map(\.rawValue) + Adjacency.allCases.map(\.rawValue)
    for choice in choices { #expect(page.contains("`\(choice)`"), "\(choice)") }
  }
}
