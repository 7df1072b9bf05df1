import Glibc
import Testing

/// Every public mechanism has a row in the table of laws.
@Suite struct MechanismLawTests {
  /// Parts of mechanisms that hand their event on.
  private static let parts: Set<String> = ["LikelihoodRatio", "PreparedNoise"]

  /// The folder of this package, from this file's place in it.
  private static func packageFile(_ path: String) -> String {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return (parts + path.split(separator: "/")).joined(separator: "/")
  }

  private static func text(of path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = unsafe fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func swiftFiles(under path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return path.hasSuffix(".swift") ? [path] : [] }
    defer { unsafe closedir(folder) }
    var files: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if !name.hasPrefix(".") { files += swiftFiles(under: path + "/" + name) }
    }
    return files
  }

  @Test func `every mechanism has a row in the table of laws`() throws {
    let files = MechanismLawTests.swiftFiles(under: MechanismLawTests.packageFile("Sources/DifferentialPrivacy"))
    // Where the sources are not beside the tests there is nothing to compare with.
    guard !files.isEmpty else { return }
    var found: Set<String> = []
    for file in files {
      var type: String?
      for line in (MechanismLawTests.text(of: file) ?? "").split(separator: "\n") {
        if line.hasPrefix("public struct "),
          let name = line.split(whereSeparator: { " :<,{".contains($0) }).dropFirst(2).first
        {
          type = String(name)
        }
        if line.hasPrefix("extension ") || line.hasPrefix("public protocol ") || line.hasPrefix("struct ") {
          type = nil
        }
        let statesEvent =
          line.hasPrefix("  public var event: PrivacyEvent") || line.hasPrefix("  public let event: PrivacyEvent")
        if statesEvent, let type { found.insert(type) }
      }
    }
    #expect(found.count >= 14)
    let rows = Set(DeclaredMetricTests.table.map(\.type))
    #expect(found.subtracting(MechanismLawTests.parts).subtracting(rows).sorted() == [])
    // And none that is no mechanism any more; fixed-cost laws are enumerated by FixedCostTests.
    #expect(rows.subtracting(found).sorted() == [])
  }
}
