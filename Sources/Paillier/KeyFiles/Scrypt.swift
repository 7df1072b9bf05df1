import BigNumber
private import CKernels
private import Crypto

/// scrypt (Percival 2009; RFC 7914) with r = 8: a passphrase stretched at the price of memory.
///
/// Here because swift-crypto has it in a product only that costs more than a minute to build.
package enum Scrypt {
  private static let blockBytes = 1024

  /// The key.
  ///
  /// - Parameters:
  ///   - cost: log2 of N; the work takes 2^(cost + 10) bytes.
  ///   - lanes: p, the number of blocks mixed one after the other.
  package static func key(passphrase: [UInt8], salt: [UInt8], cost: Int, lanes: Int = 1, count: Int) -> [UInt8] {
    precondition((1...24).contains(cost) && lanes > 0 && count > 0)
    var blocks = stretch(passphrase, salt, count: lanes * blockBytes)
    // Words of 64 bits, for the owner that wipes them.
    let memory = LimbBuffer(count: (blockBytes / 8) << cost)
    unsafe blocks.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for lane in 0..<lanes {
        unsafe tacit_scrypt_mix(
          base + lane * blockBytes, UnsafeMutableRawPointer(memory.base).assumingMemoryBound(to: UInt32.self), 1 << cost
        )
      }
    }
    let key = stretch(passphrase, blocks, count: count)
    unsafe blocks.withUnsafeMutableBytes { unsafe SecureMemory.wipe($0) }
    return key
  }

  /// PBKDF2 with HMAC-SHA-256 and one iteration.
  private static func stretch(_ passphrase: [UInt8], _ salt: [UInt8], count: Int) -> [UInt8] {
    let key = SymmetricKey(data: passphrase)
    var result: [UInt8] = []
    result.reserveCapacity(count + 32)
    var index: UInt32 = 1
    while result.count < count {
      var code = HMAC<SHA256>(key: key)
      code.update(data: salt)
      code.update(data: (0..<4).map { UInt8(truncatingIfNeeded: index >> UInt32(24 - 8 * $0)) })
      result += Array(code.finalize())
      index += 1
    }
    return Array(result[..<count])
  }
}
