import ArgumentParser
import Crypto
import Foundation
import Glibc
import PrivateStatistics

/// Files of partial aggregates.
enum PartialFile {
  /// How a partial is written.
  enum Encoding: String, ExpressibleByArgument, CaseIterable {
    /// The bytes themselves.
    case binary
    /// One line of base64, which engines that carry text can carry.
    case base64
  }

  private struct Document: Encodable {
    let bytes: Int
    let sha256: String
  }

  /// What a written partial looks like.
  struct Form {
    let encoding: Encoding
    /// Whether the runs in it are named before the canonical bytes.
    let isEnveloped: Bool

    init(_ encoding: Encoding, isEnveloped: Bool) {
      self.encoding = encoding
      self.isEnveloped = isEnveloped
    }
  }

  /// Writes a partial with mode 0600, sealed if wanted, and prints the digest of its canonical bytes, on standard error
  /// when the partial itself goes to standard output.
  static func write(
    _ accumulator: borrowing Accumulator, to path: String, as form: Form, seal: PartialSeal?, force: Bool, json: Bool
  ) throws {
    let canonical = accumulator.partial()
    let plain = form.isEnveloped ? accumulator.enveloped() : canonical
    var content = try seal?.sealed(plain) ?? plain
    if form.encoding == .base64 { content = Array(Data(content).base64EncodedData()) + [UInt8(ascii: "\n")] }
    try Output.write(content, to: path, force: force, mode: 0o600)
    try report(SHA256.hash(data: canonical), count: canonical.count, path: path, json: json)
  }

  /// Writes an accumulator's partial, binary and unsealed, without holding all of it in memory.
  static func stream(
    _ accumulator: borrowing Accumulator, to path: String, as form: Form, force: Bool, json: Bool
  ) throws {
    var hash = SHA256()
    var count = 0
    try accumulator.writePartial { bytes in
      hash.update(data: bytes)
      count += bytes.count
    }
    try Output.stream(to: path, force: force, mode: 0o600) { write in
      if form.isEnveloped {
        try accumulator.writeEnveloped(to: write)
      } else {
        try accumulator.writePartial(to: write)
      }
    }
    try report(hash.finalize(), count: count, path: path, json: json)
  }

  private static func report(_ hash: SHA256.Digest, count: Int, path: String, json: Bool) throws {
    let digits = Array("0123456789abcdef")
    let digest = String(hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    if path == "-" {
      StandardOutput.complain("\(digest)  raw data, \(count) bytes")
    } else if json {
      try emitJSON(Document(bytes: count, sha256: digest))
    } else {
      StandardOutput.write("\(digest)  \(path) (raw data, \(count) bytes)\n")
    }
  }

  /// Reads partials of one query and merges them.
  ///
  /// - Parameters:
  ///   - paths: Files of one partial, or of lines of base64 with one each.
  ///   - question: The query they must answer; the first one's own when `nil`.
  ///   - checks: What must have come together.
  static func merged(
    _ paths: [String], question: Query?, seal: PartialSeal?, checks: MergeChecks
  ) throws -> Accumulator {
    var query = question
    var result: Accumulator?
    var first = ""
    for path in try once(paths, checks) {
      for (name, bytes) in try read(path, seal) {
        let asked = try query ?? QueryFile.decode(Accumulator.queryText(ofPartial: bytes, name: name), path: name)
        query = asked
        let next = try Accumulator(partial: bytes, of: asked, name: name)
        guard var so = result.take() else {
          first = name
          result = consume next
          continue
        }
        if checks.ignoreDuplicates, so.runs.contains(next.runs) {
          StandardOutput.complain("\(name): repeats runs that have been merged already; ignored")
        } else {
          do {
            try so.merge(next)
          } catch {
            throw CommandFailure("\(name): \(error.reason) (merging with \(first))")
          }
        }
        result = consume so
      }
    }
    guard let whole = result.take() else { throw CommandFailure("a partial is needed", code: .usage) }
    try checks.require(whole.runs)
    return whole
  }

  /// The files, each once: one that is named twice is refused, since without an envelope nothing else would show it.
  private static func once(_ paths: [String], _ checks: MergeChecks) throws -> [String] {
    var seen: Set<[UInt64]> = []
    return try paths.filter { path in
      var status = stat()
      guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        !seen.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted
      else { return true }
      guard checks.ignoreDuplicates else { throw CommandFailure("\(path): is named twice; its rows would count twice") }
      StandardOutput.complain("\(path): is named twice; ignored")
      return false
    }
  }

  /// The partials in a file, with their names for errors.
  private static func read(_ path: String, _ seal: PartialSeal?) throws -> [(String, [UInt8])] {
    let bytes = try Input.read(path, limit: 1 << 36)
    if isBinary(bytes) { return [(path, try opened(bytes, path, seal))] }
    var result: [(String, [UInt8])] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      guard !text.isEmpty else { continue }
      let name = "\(path):\(index + 1)"
      guard let content = Data(base64Encoded: Data(text)).map(Array.init), isBinary(content) else {
        throw CommandFailure("\(name): is not a partial aggregate")
      }
      result.append((name, try opened(content, name, seal)))
    }
    guard !result.isEmpty else { throw CommandFailure("\(path): is not a partial aggregate") }
    return result
  }

  private static func isBinary(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "TACIT".utf8) }

  private static func opened(_ bytes: [UInt8], _ name: String, _ seal: PartialSeal?) throws -> [UInt8] {
    if let seal { return try seal.opened(bytes, name: name) }
    guard !PartialSeal.isSealed(bytes) else { throw CommandFailure("\(name): is sealed; --seal KEYFILE is needed") }
    return bytes
  }
}

/// What must have come together before a merge counts.
struct MergeChecks: ParsableArguments {
  @Option(
    name: .long,
    help: "Refuse unless the partials took in exactly this many rows, dropped ones included: finds a lost partial.")
  var expectRows: Int?

  @Option(name: .long, help: "Refuse unless exactly this many runs of 'tacit accumulate' came together.")
  var expectPartials: Int?

  @Flag(name: .long, help: "Leave out a partial whose runs are all in already, instead of refusing it.")
  var ignoreDuplicates = false

  func validate() throws {
    if let expectRows, expectRows < 0 { throw ValidationError("--expect-rows must not be below 0") }
    if let expectPartials, expectPartials < 1 { throw ValidationError("--expect-partials must be above 0") }
  }

  /// Whether anything is asked for.
  var isEmpty: Bool { expectRows == nil && expectPartials == nil && !ignoreDuplicates }

  /// Refuses what is not complete.
  func require(_ runs: PartialRuns) throws {
    if let expectPartials, expectPartials != runs.count {
      throw CommandFailure(
        "--expect-partials: \(runs.count) of \(expectPartials) partials came"
          + (runs.count < expectPartials ? ": \(expectPartials - runs.count) are missing" : ""))
    }
    guard let expectRows else { return }
    guard let rows = runs.rowCount else {
      throw CommandFailure("--expect-rows: a partial does not say how many rows it took in")
    }
    if rows != expectRows {
      throw CommandFailure(
        rows < expectRows
          ? "--expect-rows: \(expectRows - rows) rows are missing"
          : "--expect-rows: there are \(rows - expectRows) rows too many")
    }
  }
}
