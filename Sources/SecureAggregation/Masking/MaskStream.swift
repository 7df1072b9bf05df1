private import CKernels
import Crypto
private import FoundationEssentials

/// The words a 256-bit key stretches to: AES-256 in counter mode over zeros, read as little-endian integers.
///
/// The counter mode is the one inside AES-GCM (NIST SP 800-38D): chunk i is the ciphertext of zeros under the 96-bit
/// big-endian nonce i, so its blocks are AES(i ‖ 2), AES(i ‖ 3) and so on, and no counter block comes twice. The tag is
/// not used; it costs little beside the cipher, where a separate counter mode would cost another library.
///
/// Masks are uniform modulo 2^24, 2^32 or 2^64 as far as anybody without the key can tell, and exactly that wide: no
/// rejection, no off-by-one. A stream can be made from key material of 256 bits only, and every key makes one stream.
struct MaskStream {
  private let key: SymmetricKey

  /// A stream from a derived key.
  init(_ key: SymmetricKey) {
    precondition(key.bitCount == 256, "a mask has a 256-bit key")
    self.key = key
  }

  /// Bytes made at a time: few enough to stay in the second-level cache, and enough that the price of a call, its key
  /// schedule and its allocation, is small beside the cipher's.
  private static let chunk = 49_152
  private static let zeros = [UInt8](repeating: 0, count: chunk)

  /// Adds or subtracts masks that are uniform modulo 2^24, from three bytes each.
  ///
  /// What ends up above bit 23 is not specified.
  func applyNarrow(to target: UnsafeMutableBufferPointer<UInt32>, subtracting: Bool) {
    guard let base = target.baseAddress else { return }
    unsafe chunks(target.count, 3) { from, count, bytes in
      unsafe tacit_mask_words24(
        base + from, bytes.assumingMemoryBound(to: UInt8.self), count, subtracting ? 1 : 0)
    }
  }

  /// Adds or subtracts masks that are uniform modulo 2^32 or 2^64.
  func apply<Element: FixedWidthInteger & UnsignedInteger>(
    to target: UnsafeMutableBufferPointer<Element>, subtracting: Bool
  ) {
    let width = MemoryLayout<Element>.size
    unsafe chunks(target.count, width) { from, count, bytes in
      if subtracting {
        for index in 0..<count {
          unsafe target[from + index] &-= Element(
            littleEndian: bytes.loadUnaligned(fromByteOffset: width * index, as: Element.self))
        }
      } else {
        for index in 0..<count {
          unsafe target[from + index] &+= Element(
            littleEndian: bytes.loadUnaligned(fromByteOffset: width * index, as: Element.self))
        }
      }
    }
  }

  /// Calls `body` with the first element of each chunk, the number of its elements, and their bytes.
  private func chunks(_ total: Int, _ width: Int, _ body: (Int, Int, UnsafeRawPointer) -> Void) {
    let most = MaskStream.chunk / width
    for from in stride(from: 0, to: total, by: most) {
      let index = UInt64(from / most)
      var nonce = [UInt8](repeating: 0, count: 12)
      for byte in 4..<12 { nonce[byte] = UInt8(truncatingIfNeeded: index >> UInt64(8 * (11 - byte))) }
      let count = min(most, total - from)
      guard
        let box = try? AES.GCM.seal(
          MaskStream.zeros[..<(count * width)], using: key, nonce: AES.GCM.Nonce(data: nonce))
      else { preconditionFailure("AES takes a 256-bit key and a 96-bit nonce") }
      unsafe box.ciphertext.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        unsafe body(from, count, base)
      }
    }
  }
}
