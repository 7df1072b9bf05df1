import CKernels
import Testing

/// The known answers are those of RFC 8439, appendix A.1 and section 2.3.2.
@Suite struct ChaCha20Tests {
  private func keystream(
    key: [UInt32], counter: UInt64, nonce: UInt64, blocks: Int,
    _ function: (UnsafePointer<UInt32>?, UInt64, UInt64, UnsafeMutablePointer<UInt8>?, Int) -> Void
  ) -> [UInt8] {
    var output = [UInt8](repeating: 0xaa, count: blocks * 64)
    unsafe key.withUnsafeBufferPointer { key in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe function(key.baseAddress, counter, nonce, output.baseAddress, blocks)
      }
    }
    return output
  }

  private func all(key: [UInt32], counter: UInt64, nonce: UInt64, blocks: Int) -> [[UInt8]] {
    unsafe [
      keystream(key: key, counter: counter, nonce: nonce, blocks: blocks) {
        unsafe tacit_chacha20($0, $1, $2, $3, $4)
      },
      keystream(key: key, counter: counter, nonce: nonce, blocks: blocks) {
        unsafe tacit_chacha20_portable($0, $1, $2, $3, $4)
      },
      keystream(key: key, counter: counter, nonce: nonce, blocks: blocks) {
        unsafe tacit_chacha20_vector4($0, $1, $2, $3, $4)
      },
    ]
  }

  private func hex(_ bytes: some Collection<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test func `the zero key gives the first two vectors of the RFC`() {
    for output in all(key: [UInt32](repeating: 0, count: 8), counter: 0, nonce: 0, blocks: 2) {
      #expect(
        hex(output[0..<64])
          == "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
          + "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586")
      #expect(
        hex(output[64..<128])
          == "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
          + "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f")
    }
  }

  @Test func `the block function of section 2-3-2 is reproduced`() {
    // Nonce 00:00:00:09:00:00:00:4a:00:00:00:00, counter 1: the high counter word is the first nonce word.
    let key = (0..<8).map { UInt32($0 * 4) * 0x0101_0101 + 0x0302_0100 }
    for output in all(key: key, counter: 0x0900_0000 << 32 | 1, nonce: 0x4a00_0000, blocks: 1) {
      #expect(
        hex(output)
          == "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
          + "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e")
    }
  }

  @Test func `every path writes the same bytes for every length and across the counter's carry`() {
    let key = (0..<8).map { UInt32(truncatingIfNeeded: 0x9e37_79b9 &* ($0 + 1)) }
    for blocks in 1...41 {
      let outputs = all(key: key, counter: 0xffff_fff5, nonce: 0x0123_4567_89ab_cdef, blocks: blocks)
      #expect(outputs[0] == outputs[1])
      #expect(outputs[2] == outputs[1])
    }
  }

  @Test func `wiping leaves zeros`() {
    var bytes = [UInt8](repeating: 7, count: 100)
    unsafe bytes.withUnsafeMutableBytes { unsafe tacit_wipe($0.baseAddress, 99) }
    #expect(bytes == [UInt8](repeating: 0, count: 99) + [7])
  }
}
