import Foundation
import Testing

/// One run of the built command, as a process, in a folder of its own.
struct CommandRun {
  let output: String
  let error: String
  let code: Int32

  /// The command beside the test bundle that is running.
  static let binary: URL = {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let folder = bundle.deletingLastPathComponent()
    // The product's name, or the target's where the product is not built.
    return ["tacit", "TacitCommand"].map(folder.appendingPathComponent)
      .first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? folder
  }()

  init(_ arguments: [String], in folder: Folder, input: String = "", outputFile: String? = nil) throws {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    let files = ["in", "out", "err"].map { folder.url.appendingPathComponent(".\($0)-\(UUID().uuidString)") }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    try Data(input.utf8).write(to: files[0])
    for file in files.dropFirst() { try Data().write(to: file) }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: outputFile.map(URL.init(fileURLWithPath:)) ?? files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    output = String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
    error = String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
    code = process.terminationStatus
  }

  /// The one JSON document on standard output.
  var json: [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any]
  }

  /// Whether the run was refused with one line on standard error, nothing on standard output, and no data shown.
  func isRefusal(_ code: Int32, naming words: String...) -> Bool {
    self.code == code && output.isEmpty && error.hasSuffix("\n") && error.split(separator: "\n").count == 1
      && words.allSatisfy { error.contains($0) }
  }
}

/// A folder that ends with its owner.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: url.appendingPathComponent(name))
  }

  func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: url.appendingPathComponent(name)), as: UTF8.self)
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  func run(_ arguments: String..., input: String = "") throws -> CommandRun {
    try CommandRun(arguments, in: self, input: input)
  }
}
