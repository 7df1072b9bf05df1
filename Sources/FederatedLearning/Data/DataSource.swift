/// Reads the `data` key of a configuration.
enum DataSource {
  static func load(_ text: String, seed: UInt64) throws -> DataSplit {
    switch text {
    case "digits", "digits;features=pixels": return try .digits()
    case "digits;features=orientations": return try .digitOrientations()
    default: break
    }
    if text.hasPrefix("idx:") { return try idx(String(text.dropFirst(4))) }
    let known = ["digits", "digits;features=orientations", "idx:IMAGES,LABELS"]
    throw FederatedError(.data, "data", "names no data set that can be read\(Spelling.hint(text, among: known))")
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
