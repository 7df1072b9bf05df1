import ArgumentParser
import Crypto
import Foundation
import Glibc
import TacitVerbs

/// `tacit audit sbom`: what this binary is made of, as CycloneDX.
struct AuditSBOMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sbom", abstract: "List what this binary is made of, with the versions of the C libraries it runs on.")

  @Option(help: "Where the document goes.") var output = "-"
  @Flag(help: "Replace an existing file.") var force = false

  private struct Component: Encodable {
    let type = "library"
    let name: String
    let version: String?
    let scope: String
  }

  private struct Metadata: Encodable {
    struct Application: Encodable {
      let type = "application"
      let name = "tacit"
    }
    let component = Application()
  }

  private struct Document: Encodable {
    let bomFormat = "CycloneDX"
    let specVersion = "1.5"
    let version = 1
    let metadata = Metadata()
    let components: [Component]
  }

  func run() throws {
    let libraries: [Component] = [
      Component(name: "libgmp", version: SystemLibrary.text("__gmp_version"), scope: "required"),
      Component(name: "libsqlite3", version: SystemLibrary.answer("sqlite3_libversion"), scope: "required"),
      Component(name: "zlib", version: SystemLibrary.answer("zlibVersion"), scope: "required"),
      Component(name: "libc", version: SystemLibrary.answer("gnu_get_libc_version"), scope: "required"),
    ]
    let packages = ["swift-argument-parser", "swift-crypto", "Yams"].map {
      Component(name: $0, version: nil, scope: "required")
    }
    try Output.write(
      jsonText(Document(components: libraries + packages), pretty: true) + "\n", to: output, force: force)
  }
}

/// Versions that loaded libraries tell of themselves; nil for a library that is not there.
enum SystemLibrary {
  /// A global `const char *`.
  static func text(_ symbol: String) -> String? {
    guard let address = unsafe dlsym(nil, symbol) else { return nil }
    return unsafe address.load(as: UnsafePointer<CChar>?.self).map { unsafe String(cString: $0) }
  }

  /// A function without arguments that returns text.
  static func answer(_ symbol: String) -> String? {
    guard let address = unsafe dlsym(nil, symbol) else { return nil }
    typealias Version = @convention(c) () -> UnsafePointer<CChar>?
    return unsafe unsafeBitCast(address, to: Version.self)().map { unsafe String(cString: $0) }
  }
}

/// `tacit audit bundle`: the evidence of an incident or a release in one archive.
struct AuditBundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle", abstract: "Pack reports into one archive with their hashes.",
    discussion: """
      A tar archive (POSIX ustar) whose first member, MANIFEST.sha256, has the SHA-256 of every other; sha256sum -c \
      checks it after unpacking. The same files give the same bytes.
      """)

  @Argument(help: "Files: reports, ledgers' histories, configurations. Never data.")
  var files: [String]
  @Option(help: "The archive.")
  var output: String
  @Flag(help: "Replace an existing archive.")
  var force = false

  func run() throws {
    try Output.refuseExisting(output, force: force)
    var members: [(name: String, bytes: [UInt8])] = []
    for path in files.sorted() {
      let name = URL(fileURLWithPath: path).lastPathComponent
      guard !members.contains(where: { $0.name == name }), name.utf8.count <= 100, name != "MANIFEST.sha256" else {
        throw CommandFailure("\(path): a member of this name is there already, or its name is too long")
      }
      members.append((name, try Input.read(path)))
    }
    try Output.write(EvidenceArchive.bytes(members), to: output, force: force)
  }
}

/// A tar archive with a manifest of hashes.
enum EvidenceArchive {
  /// The archive: MANIFEST.sha256 first, then the members in their order.
  static func bytes(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    let manifest = members.map { member in
      SHA256.hash(data: member.bytes).map { byte in
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined() + "  \(member.name)\n"
    }.joined()
    var archive: [UInt8] = []
    for member in [("MANIFEST.sha256", Array(manifest.utf8))] + members.map({ ($0.name, $0.bytes) }) {
      archive += header(member.0, member.1.count) + member.1
      archive += [UInt8](repeating: 0, count: (512 - member.1.count % 512) % 512)
    }
    return archive + [UInt8](repeating: 0, count: 1_024)
  }

  /// A ustar header; times and owners are zero so that the archive depends on the files alone.
  private static func header(_ name: String, _ size: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
      for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
    }
    func octal(_ value: Int, _ width: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    put(name, 0)
    put("0000644", 100)
    put("0000000", 108)
    put("0000000", 116)
    put(octal(size, 11), 124)
    put(octal(0, 11), 136)
    put("        ", 148)
    put("0", 156)
    put("ustar", 257)
    put("00", 263)
    let sum = block.reduce(0) { $0 + Int($1) }
    put(octal(sum, 6), 148)
    block[154] = 0
    block[155] = 0x20
    return block
  }
}
