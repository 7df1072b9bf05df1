private import CKernels
import SecureRandom

/// Secret bytes, wiped when the last owner lets go; neither printable nor Codable.
@safe
final class SecretBytes: @unchecked Sendable {
  private let bytes: UnsafeMutableRawBufferPointer

  /// 32 fresh random bytes.
  init(using generator: inout SecureGenerator) {
    unsafe bytes = .allocate(byteCount: 32, alignment: 8)
    unsafe generator.fill(bytes)
  }

  /// Takes bytes that came from elsewhere.
  init(_ source: [UInt8]) {
    unsafe bytes = .allocate(byteCount: source.count, alignment: 8)
    for index in source.indices { unsafe bytes[index] = source[index] }
  }

  deinit {
    unsafe tacit_wipe(bytes.baseAddress, bytes.count)
    unsafe bytes.deallocate()
  }

  /// Lends a copy that is wiped afterwards.
  func withCopy<Result, Failure: Error>(_ body: ([UInt8]) throws(Failure) -> Result) throws(Failure) -> Result {
    var copy = unsafe Array(bytes)
    defer { wipe(&copy) }
    return try body(copy)
  }
}

/// Overwrites an array that held a secret; a copy that shares its storage is left alone.
func wipe(_ bytes: inout [UInt8]) {
  unsafe bytes.withUnsafeMutableBytes { unsafe tacit_wipe($0.baseAddress, $0.count) }
}
