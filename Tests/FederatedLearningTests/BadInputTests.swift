import FederatedLearning
import Foundation
import Testing

/// Data and numbers that cannot be used are refused before the first round, by file, line or key.
@Suite struct BadInputTests {
  static func refusal(_ data: String, partition: PartitionOptions = PartitionOptions(clients: 2)) -> String {
    var configuration = SimulationConfiguration(data: data, model: ModelOptions(), rounds: 1)
    configuration.partition = partition
    return PrivacyTests.refusal(configuration)
  }

  /// An IDX file of unsigned bytes.
  static func idx(_ shape: [Int], _ values: [UInt8], magic: [UInt8]? = nil) -> Data {
    var bytes = magic ?? [0, 0, 8, UInt8(shape.count)]
    for extent in shape { bytes += [0, 0, UInt8(extent >> 8), UInt8(extent & 255)] }
    return Data(bytes + values)
  }

  @Test func `a wrong IDX magic, a short file and labels that do not fit are refused by file`() throws {
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ name: String, _ data: Data) throws { try data.write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
    let pixels = [UInt8](repeating: 9, count: 12 * 4)
    let labels: [UInt8] = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]
    try write("images", Self.idx([12, 2, 2], pixels))
    try write("labels", Self.idx([12], labels))
    #expect(Self.refusal("idx:\(path)/images,\(path)/labels") == "accepted")
    try write("wrong", Self.idx([12, 2, 2], pixels, magic: [1, 0, 8, 3]))
    try write("short", Self.idx([12, 2, 2], Array(pixels.dropLast(3))))
    try write("few", Self.idx([11], Array(labels.dropLast())))
    try write("beyond", Self.idx([12], labels.map { $0 + 1 }))
    for (images, answers, culprit) in [
      ("wrong", "labels", "wrong"), ("short", "labels", "short"), ("images", "images", "images"),
      ("images", "few", "few"), ("missing", "labels", "missing"),
    ] {
      let message = Self.refusal("idx:\(path)/\(images),\(path)/\(answers)")
      #expect(message.contains("\(path)/\(culprit)") && !message.contains("\n"), "\(message)")
    }
    // A label of the test set that no training example has.
    let message = Self.refusal("idx:\(path)/images,\(path)/labels;\(path)/images,\(path)/beyond")
    #expect(message.contains("label outside 0…2"), "\(message)")
  }

  @Test func `a ragged CSV row is refused by line and shows nothing of it`() throws {
    let path = try CheckpointTests.folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = "\(path)/ragged.csv"
    var text = "x,y,kind\n"
    for row in 0..<20 { text += row == 13 ? "4711,secret\n" : "\(row),\(row * 2),\(row % 2)\n" }
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let message = Self.refusal("csv:\(file);label=kind")
    #expect(message.contains(file) && message.contains("15"), "\(message)")
    #expect(!message.contains("secret") && !message.contains("4711"))
    #expect(Self.refusal("csv:\(file);label=sort").contains("has no column \"sort\""))
  }

  @Test func `a label out of range and a feature that is not finite are refused by position`() {
    #expect {
      try LabeledData(features: [1, 2, 3], labels: [0, 1, 2], width: 1, classes: 2)
    } throws: { "\($0)".contains("example 3 has a label outside 0…1") }
    #expect {
      try LabeledData(features: [1, .nan, 3], labels: [0, 1, 1], width: 1, classes: 2)
    } throws: { "\($0)".contains("example 2 has a feature that is not finite") }
  }

  @Test func `more clients than examples and clients without examples are refused before the first round`() throws {
    #expect(
      Self.refusal("digits", partition: PartitionOptions(clients: 5000))
        == "partition.clients: asks for 5000 clients of 1437 training examples")
    var configuration = SimulationTests.small("softmax")
    configuration.cohort = CohortOptions(sampling: "fixed", size: 21)
    #expect(PrivacyTests.refusal(configuration) == "cohort.size: asks for 21 clients of 20")
    configuration = SimulationTests.small("softmax")
    configuration.partition.minimumExamples = 0
    #expect(
      PrivacyTests.refusal(configuration)
        == "partition.minimum_examples: must be at least 1: a client without examples has nothing to train on")
  }
}
