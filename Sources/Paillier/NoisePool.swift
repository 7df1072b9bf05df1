import BigNumber
import SecureRandom
private import Synchronization

/// Random factors drawn ahead of time, so that encrypting costs two products while they last.
///
/// An entry is removed and wiped when it is used: two ciphertexts with one factor would show the difference of their
/// plaintexts. The pool lives in memory only; a process that forks must not use it on both sides. When it is empty the encryptor draws as it did before.
final class NoisePool: NoiseSource {
  private let core: PublicKeyCore
  private let source: any NoiseSource
  private let entries = Mutex<[PoolEntry]>([])

  init(_ core: PublicKeyCore, refilledFrom source: any NoiseSource) {
    self.core = core
    self.source = source
  }

  var tableBytes: Int { source.tableBytes }

  /// How many factors are left.
  var count: Int { entries.withLock { $0.count } }

  /// Draws `count` more factors on up to `threads` threads.
  func fill(_ count: Int, threads: Int) {
    let stride = 2 * core.ring.limbs
    let (core, source) = (core, source)
    var words = unsafe [UInt64].filledInParallel(count: count, stride: stride, threads: threads) { range, output in
      var generator = SecureGenerator()
      let scratch = core.ring.makeScratch()
      for index in range { unsafe source.draw(output + index * stride, using: &generator, scratch.base) }
    }
    for index in 0..<count {
      let entry = PoolEntry(count: stride)
      for offset in 0..<stride { unsafe entry.pair.base[offset] = words[index * stride + offset] }
      entries.withLock { $0.append(entry) }
    }
    unsafe words.withUnsafeMutableBytes { unsafe SecureMemory.wipe($0) }
  }

  func draw(_ result: Limbs, using generator: inout SecureGenerator, _ scratch: Limbs) {
    guard let entry = entries.withLock({ $0.popLast() }) else {
      unsafe source.draw(result, using: &generator, scratch)
      return
    }
    unsafe result.update(from: entry.pair.base, count: entry.pair.count)
  }
}

/// One factor; wiped when it is let go.
private final class PoolEntry: Sendable {
  let pair: LimbBuffer
  init(count: Int) { pair = LimbBuffer(count: count) }
}
