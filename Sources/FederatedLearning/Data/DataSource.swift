/// Reads the `data` key of a configuration.
enum DataSource {
  static func load(_ text: String, seed: UInt64) throws -> DataSplit {
    switch text {
    case "digits", "digits;features=pixels": return try .digits()
    case "digits;features=orientations": return try .digitOrientations()
    default: break
    }
    let known = ["digits", "digits;features=orientations"]
    throw FederatedError(.data, "data", "names no data set that can be read\(Spelling.hint(text, among: known))")
  }
}
