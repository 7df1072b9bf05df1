import Foundation

/// Reads the `data` key of a configuration.
enum DataSource {
  /// `synthetic:ALPHA,BETA;clients=N;examples=M`, nil for data that are dealt out.
  static func population(_ text: String, seed: UInt64) throws -> SyntheticPopulation? {
    guard text.hasPrefix("synthetic:"), text.contains(";") else { return nil }
    let parts = text.dropFirst("synthetic:".count).split(separator: ";", omittingEmptySubsequences: false)
    let numbers = parts[0].split(separator: ",", omittingEmptySubsequences: false).map { Double($0.drop { $0 == " " }) }
    var sizes = ["clients": 0, "examples": 20]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", omittingEmptySubsequences: false)
      guard pair.count == 2, sizes[String(pair[0])] != nil, let value = Int(pair[1]), value > 0 else {
        throw FederatedError(.data, "data", "must be synthetic:ALPHA,BETA;clients=N;examples=M")
      }
      sizes[String(pair[0])] = value
    }
    guard numbers.count == 2, let alpha = numbers[0], let beta = numbers[1], let clients = sizes["clients"], clients > 0
    else { throw FederatedError(.data, "data", "must be synthetic:ALPHA,BETA;clients=N;examples=M") }
    return try SyntheticPopulation(
      clients: clients, examples: sizes["examples"] ?? 20, alpha: alpha, beta: beta, seed: seed)
  }

  static func load(_ text: String, owner: String?, seed: UInt64) throws -> DataSplit {
    switch text {
    case "digits", "digits;features=pixels": return try .digits()
    case "digits;features=orientations": return try .digitOrientations()
    case "synthetic-iid": return try .syntheticIID(seed: seed)
    default: break
    }
    if text.hasPrefix("synthetic:") {
      let numbers = text.dropFirst("synthetic:".count).split(separator: ",", omittingEmptySubsequences: false)
        .map { Double($0.drop { $0 == " " }) }
      guard numbers.count == 2, let alpha = numbers[0], let beta = numbers[1] else {
        throw FederatedError(.data, "data", "must be synthetic:ALPHA,BETA with two numbers")
      }
      return try .synthetic(alpha: alpha, beta: beta, seed: seed)
    }
    if text.hasPrefix("csv:") { return try csv(String(text.dropFirst(4)), owner: owner, seed: seed) }
    if text.hasPrefix("idx:") { return try idx(String(text.dropFirst(4))) }
    let known = [
      "digits", "digits;features=orientations", "synthetic:ALPHA,BETA",
      "synthetic:ALPHA,BETA;clients=N;examples=M", "synthetic-iid", "idx:IMAGES,LABELS",
      "csv:PATH;label=COLUMN", "csv:PATH;target=COLUMN",
    ]
    throw FederatedError(.data, "data", "names no data set that can be read\(Spelling.hint(text, among: known))")
  }

  /// `PATH;label=COLUMN` or `PATH;target=COLUMN`.
  private static func csv(_ text: String, owner: String?, seed: UInt64) throws -> DataSplit {
    let number = text.range(of: ";target=", options: .backwards)
    guard let mark = number ?? text.range(of: ";label=", options: .backwards), mark.lowerBound > text.startIndex,
      mark.upperBound < text.endIndex
    else { throw FederatedError(.data, "data", "must be csv:PATH;label=COLUMN or csv:PATH;target=COLUMN") }
    return try .csv(
      path: String(text[..<mark.lowerBound]), label: String(text[mark.upperBound...]), owner: owner, seed: seed,
      isNumber: number != nil)
  }

  /// `IMAGES,LABELS[;TEST_IMAGES,TEST_LABELS]`.
  private static func idx(_ text: String) throws -> DataSplit {
    let pairs = text.split(separator: ";", omittingEmptySubsequences: false)
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard (1...2).contains(pairs.count), pairs.allSatisfy({ $0.count == 2 && !$0.contains("") }) else {
      throw FederatedError(.data, "data", "must be idx:IMAGES,LABELS or idx:IMAGES,LABELS;TEST_IMAGES,TEST_LABELS")
    }
    let test = pairs.count == 2 ? pairs[1] : nil
    return try .idx(images: pairs[0][0], labels: pairs[0][1], testImages: test?[0], testLabels: test?[1])
  }
}
