private import Dispatch
import BigNumber

extension [UInt64] {
  /// An array of `count * stride` words filled by up to `threads` threads, each given a range of items.
  ///
  /// The result does not depend on the number of threads when `fill` does not.
  static func filledInParallel(
    count: Int, stride: Int, threads: Int, _ fill: @Sendable (Range<Int>, Limbs) -> Void
  ) -> [UInt64] {
    unsafe [UInt64](unsafeUninitializedCapacity: count * stride) { buffer, initialized in
      initialized = count * stride
      guard let base = buffer.baseAddress, count > 0 else { return }
      unsafe base.initialize(repeating: 0, count: count * stride)
      let workers = Swift.max(1, Swift.min(threads, count))
      guard workers > 1 else {
        unsafe fill(0..<count, base)
        return
      }
      nonisolated(unsafe) let shared = unsafe base
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        unsafe fill(count * worker / workers..<count * (worker + 1) / workers, shared)
      }
    }
  }
}
