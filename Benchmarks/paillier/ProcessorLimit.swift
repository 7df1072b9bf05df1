import BenchmarkSupport
import CKernels

/// What this processor can do at most, measured before anything else so that every figure can be read against it.
struct ProcessorLimit {
  /// The clock while measuring, from a chain of dependent additions, one a cycle.
  var gigahertz: Double
  /// Cycles between two 64 by 64 to 128-bit multiplications that do not wait for each other.
  var cyclesPerProduct: Double
  /// The same when each is added to memory by two carry chains, over rows of 32 words that stay in the first cache.
  var cyclesPerAccumulatedProduct: Double

  /// Nanoseconds a limb product takes at least.
  var nanosecondsPerProduct: Double { cyclesPerProduct / gigahertz }

  static func measure() -> ProcessorLimit {
    let steps: UInt64 = 20_000_000
    func best(_ body: () -> Void) -> Double {
      var best = Double.infinity
      for _ in 0..<5 {
        let start = BenchmarkClock.thread()
        body()
        best = min(best, BenchmarkClock.thread() - start)
      }
      return best / Double(steps) * 1e9
    }
    let cycle = best { sink(tacit_measure_additions(steps)) }
    let product = best { sink(tacit_measure_products(steps)) }
    let row = best { sink(tacit_measure_rows(steps)) }
    return ProcessorLimit(
      gigahertz: 1 / cycle, cyclesPerProduct: product / cycle, cyclesPerAccumulatedProduct: row / cycle)
  }

  /// Keeps a result alive.
  private static func sink(_ value: UInt64) { if value == 0x1234_5678_9abc_def1 { print("") } }
}
