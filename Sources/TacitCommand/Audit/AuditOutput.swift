import ArgumentParser
import Foundation
import Reporting
import TacitVerbs

/// What an audit says of one thing it looked at.
struct AuditFinding: Encodable {
  /// How bad it is; the names are those of SARIF.
  enum Level: String, Encodable {
    /// The claim is refuted, or the check failed.
    case error
    /// A reason to look.
    case warning
    /// Nothing was found, but little could have been.
    case note
    /// In order.
    case none
  }

  /// A stable name of the check.
  let check: String
  let level: Level
  let detail: String
  var remedy = ""
  /// The hazard of NIST SP 800-226 (draft of 2023) behind the check, in the order of that document.
  var hazard: String?
}

/// Where an audit's result goes and in which form.
struct AuditOutputOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif, junit, html, markdown
  }

  @Flag(help: "Print one JSON document; the same as --format json.")
  var json = false
  @Option(help: "text, json, sarif, junit, html or markdown.")
  var format: Format = .text
  @Option(help: "Where the result goes.")
  var output = "-"
  @Flag(help: "Replace an existing output file.")
  var force = false

  func validate() throws {
    if json, format != .text, format != .json { throw ValidationError("--json does not go with --format \(format)") }
    try? Output.refuseExisting(output, force: force)
  }

  /// Whether anything but JSON may appear on a terminal.
  var isJSON: Bool { json || format == .json }

  /// Writes a result.
  ///
  /// None of its parts may hold a record of anybody.
  func write(_ result: AuditResult, document: some Encodable) throws {
    let text: String
    switch isJSON ? .json : format {
    case .json: text = try jsonText(document) + "\n"
    case .text:
      text = result.text(output == "-" ? AuditTerminal.style : AuditTerminal.ofFile)
    case .sarif: text = try jsonText(SARIFDocument(result), pretty: true) + "\n"
    case .junit: text = result.junit
    case .html: text = result.report.html()
    case .markdown: text = result.report.markdown()
    }
    try Output.write(text, to: output, force: force)
  }
}

/// How wide text may be and what it may hold.
enum AuditTerminal {
  /// The width where nobody says another.
  static let usual = 80

  /// COLUMNS where somebody set it, else the terminal's width, else 80.
  static var style: TerminalStyle {
    var style = TerminalStyle.of(descriptor: 1)
    style.width = wanted ?? style.width ?? usual
    return style
  }

  /// Of a file that text goes to.
  static var ofFile: TerminalStyle { TerminalStyle(decorated: false, unicode: true, width: wanted ?? usual) }

  private static var wanted: Int? {
    ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }.flatMap { (20...10_000).contains($0) ? $0 : nil }
  }
}

/// An audit's result in every form but its own JSON.
struct AuditResult {
  let title: String
  let findings: [AuditFinding]
  var tables: [Table] = []
  var seconds = 0.0

  /// 1 when anything failed, 0 otherwise.
  var hasErrors: Bool { findings.contains { $0.level == .error } }

  private var list: Table {
    var table = Table(columns: [.text("check"), .text("finding"), .text("detail"), .text("remedy")])
    for finding in findings {
      table.add([finding.check, AuditResult.word(finding.level), finding.detail, finding.remedy])
    }
    return table
  }

  /// Tables and findings for a person, within the style's width; no data are cut.
  func text(_ style: TerminalStyle) -> String {
    let width = style.width ?? AuditTerminal.usual
    return tables.map { $0.fitted(width: width, style: style) + "\n" }.joined()
      + findings.map { AuditResult.block($0, width, style) }.joined()
  }

  /// What was looked at and how it stands, then the detail, then what to do.
  private static func block(_ finding: AuditFinding, _ width: Int, _ style: TerminalStyle) -> String {
    var text = style.bold(finding.check) + ": " + word(finding.level) + "\n"
    text += TextBlock.paragraph(finding.detail, width: width, indent: 2) + "\n"
    guard !finding.remedy.isEmpty else { return text }
    let remedy = TextBlock.paragraph(finding.remedy, width: width, indent: 4)
    return text + "  " + (style.unicode ? "→" : ">") + String(remedy.dropFirst(3)) + "\n"
  }

  var report: Report {
    var report = Report(title: title, summary: "Written by tacit; holds no record of anybody.")
    report.section("Findings")
    report.table(list)
    if !tables.isEmpty { report.section("Figures") }
    for table in tables { report.table(table) }
    return report
  }

  /// One test case a finding; errors and warnings are failures of their own type.
  var junit: String {
    let bad = findings.count { $0.level == .error || $0.level == .warning }
    let cases = findings.map { finding in
      let head = "    <testcase classname=\"tacit.audit\" name=\"\(AuditResult.escaped(finding.check))\""
      guard finding.level == .error || finding.level == .warning else {
        return head + "><system-out>\(AuditResult.escaped(finding.detail))</system-out></testcase>\n"
      }
      return head + "><failure type=\"\(finding.level.rawValue)\" message=\"\(AuditResult.escaped(finding.detail))\">"
        + "\(AuditResult.escaped(finding.remedy))</failure></testcase>\n"
    }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites>
        <testsuite name="\(AuditResult.escaped(title))" tests="\(findings.count)" failures="\(bad)" time="\(seconds)">
      \(cases.joined())  </testsuite>
      </testsuites>

      """
  }

  /// A share with its interval.
  static func share(_ share: Double, _ interval: ClosedRange<Double>) -> String {
    func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 3) }
    return "\(text(share)) (\(text(interval.lowerBound))…\(text(interval.upperBound)))"
  }

  private static func word(_ level: AuditFinding.Level) -> String {
    switch level {
    case .error: "FAILED"
    case .warning: "look"
    case .note: "inconclusive"
    case .none: "in order"
    }
  }

  /// Text inside XML; characters that XML forbids are left out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars where character.value >= 0x20 || character == "\n" || character == "\t" {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}

/// A result as SARIF 2.1.0, which code hosts show beside the source.
struct SARIFDocument: Encodable {
  struct Message: Encodable { let text: String }
  struct Rule: Encodable {
    let id: String
    let shortDescription: Message
  }
  struct Driver: Encodable {
    let name: String
    let informationUri: String
    let rules: [Rule]
  }
  struct Tool: Encodable { let driver: Driver }
  struct Properties: Encodable {
    let remedy: String
    let hazard: String?
  }
  struct Finding: Encodable {
    let ruleId: String
    let level: String
    let kind: String
    let message: Message
    let properties: Properties
  }
  struct Run: Encodable {
    let tool: Tool
    let results: [Finding]
  }

  let version = "2.1.0"
  let schema = "https://json.schemastore.org/sarif-2.1.0.json"
  let runs: [Run]

  enum CodingKeys: String, CodingKey {
    case version, runs
    case schema = "$schema"
  }

  init(_ result: AuditResult) {
    var names: [String] = []
    for finding in result.findings where !names.contains(finding.check) { names.append(finding.check) }
    let rules = names.map { Rule(id: "tacit/\($0)", shortDescription: Message(text: $0)) }
    let findings = result.findings.map { finding in
      // SARIF wants level "none" wherever nothing failed.
      let isFailure = finding.level == .error || finding.level == .warning
      return Finding(
        ruleId: "tacit/\(finding.check)", level: isFailure ? finding.level.rawValue : "none",
        kind: isFailure ? "fail" : finding.level == .note ? "open" : "pass", message: Message(text: finding.detail),
        properties: Properties(remedy: finding.remedy, hazard: finding.hazard))
    }
    runs = [
      Run(
        tool: Tool(driver: Driver(name: "tacit audit", informationUri: "https://www.swift.org", rules: rules)),
        results: findings)
    ]
  }
}
