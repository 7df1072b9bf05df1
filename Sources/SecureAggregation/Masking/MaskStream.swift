import Crypto
private import FoundationEssentials

/// The words a 256-bit key stretches to: AES-256 in counter mode over zeros, read as little-endian integers.
///
/// The counter mode is the one inside AES-GCM (NIST SP 800-38D): chunk i is the ciphertext of zeros under the 96-bit
/// big-endian nonce i, so its blocks are AES(i ‖ 2), AES(i ‖ 3) and so on, and no counter block comes twice. The tag is
/// not used; it costs little beside the cipher, where a separate counter mode would cost another library.
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
      let from = offset / 4
      let count = min(MaskStream.chunk / 4, target.count - from)
      if subtracting {
        for index in 0..<count {
          unsafe target[from + index] &-= UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        }
      } else {
        for index in 0..<count {
          unsafe target[from + index] &+= UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        }
      }
    }
  }

  func apply(to target: UnsafeMutableBufferPointer<UInt64>, subtracting: Bool) {
    unsafe chunks(target.count * 8) { offset, bytes in
      let from = offset / 8
      let count = min(MaskStream.chunk / 8, target.count - from)
      if subtracting {
        for index in 0..<count {
          unsafe target[from + index] &-= UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
      } else {
        for index in 0..<count {
          unsafe target[from + index] &+= UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
      }
    }
  }

  /// Calls `body` with each chunk of the key stream and where it starts.
  private func chunks(_ total: Int, _ body: (Int, UnsafeRawPointer) -> Void) {
    for offset in stride(from: 0, to: total, by: MaskStream.chunk) {
      let index = UInt64(offset / MaskStream.chunk)
      let nonce = (0..<12).map { $0 < 4 ? 0 : UInt8(truncatingIfNeeded: index >> UInt64(8 * (11 - $0))) }
      let count = min(MaskStream.chunk, total - offset)
      let zeros = count == MaskStream.chunk ? MaskStream.zeros : Array(MaskStream.zeros.prefix(count))
      guard let box = try? AES.GCM.seal(zeros, using: key, nonce: AES.GCM.Nonce(data: nonce)) else {
        preconditionFailure("AES takes a 256-bit key and a 96-bit nonce")
      }
      unsafe box.ciphertext.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        unsafe body(offset, base)
      }
    }
  }
}
