private import CKernels
import Crypto
private import CryptoExtras
private import FoundationEssentials

/// The words a 256-bit key stretches to: AES-256 in counter mode (NIST SP 800-38A) over zeros, read as little-endian
/// integers, the counter block starting at zero.
///
/// Masks are uniform modulo 2^32 or 2^64 as far as anybody without the key can tell, and exactly that wide: no
/// rejection, no off-by-one. A stream can be made from key material of 256 bits only, and every key makes one stream.
struct MaskStream {
  private let key: SymmetricKey

  /// A stream from a derived key.
  init(_ key: SymmetricKey) {
    precondition(key.bitCount == 256, "a mask has a 256-bit key")
    self.key = key
  }

  /// Bytes made at a time: small enough to stay in the first-level cache.
  private static let chunk = 16_384
  private static let zeros = [UInt8](repeating: 0, count: chunk)

  func apply(to target: UnsafeMutableBufferPointer<UInt32>, subtracting: Bool) {
    unsafe chunks(target.count * 4) { offset, bytes in
      let words = unsafe bytes.assumingMemoryBound(to: UInt32.self)
      let from = offset / 4
      let count = min(MaskStream.chunk / 4, target.count - from)
      if subtracting {
        for index in 0..<count { unsafe target[from + index] &-= UInt32(littleEndian: words[index]) }
      } else {
        for index in 0..<count { unsafe target[from + index] &+= UInt32(littleEndian: words[index]) }
      }
    }
  }

  func apply(to target: UnsafeMutableBufferPointer<UInt64>, subtracting: Bool) {
    unsafe chunks(target.count * 8) { offset, bytes in
      let words = unsafe bytes.assumingMemoryBound(to: UInt64.self)
      let from = offset / 8
      let count = min(MaskStream.chunk / 8, target.count - from)
      if subtracting {
        for index in 0..<count { unsafe target[from + index] &-= UInt64(littleEndian: words[index]) }
      } else {
        for index in 0..<count { unsafe target[from + index] &+= UInt64(littleEndian: words[index]) }
      }
    }
  }

  /// Calls `body` with each chunk of the key stream and where it starts.
  private func chunks(_ total: Int, _ body: (Int, UnsafeRawPointer) -> Void) {
    for offset in stride(from: 0, to: total, by: MaskStream.chunk) {
      let block = UInt32(offset / 16)
      var counter = [UInt8](repeating: 0, count: 16)
      for index in 0..<4 { counter[12 + index] = UInt8(truncatingIfNeeded: block >> UInt32(24 - 8 * index)) }
      let count = min(MaskStream.chunk, (total - offset + 15) / 16 * 16)
      let zeros = count == MaskStream.chunk ? MaskStream.zeros : Array(MaskStream.zeros.prefix(count))
      guard let nonce = try? AES._CTR.Nonce(nonceBytes: counter),
        var stream = try? AES._CTR.encrypt(zeros, using: key, nonce: nonce)
      else { preconditionFailure("AES takes a 256-bit key and a 128-bit counter") }
      unsafe stream.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        unsafe body(offset, UnsafeRawPointer(base))
        unsafe tacit_wipe(base, bytes.count)
      }
    }
  }
}
