private import CBenchmark
private import Glibc

/// Clocks and counters.
public enum BenchmarkClock {
  /// Processor seconds that this process's threads have had.
  public static func processor() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

  /// Processor seconds that this thread has had.
  public static func thread() -> Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

  /// Seconds on the wall.
  public static func wall() -> Double { seconds(CLOCK_MONOTONIC) }

  /// The most memory that this process has had, in MiB.
  public static func mostMegabytes() -> Int {
    var usage = rusage()
    unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  /// Calls of the allocator and instructions of `body`, which is run once; nil for what is not counted here.
  ///
  /// Under callgrind the instructions of the body are written under `name`.
  static func counts(_ name: String = "", _ body: () throws -> Void) rethrows -> (allocations: Int?, instructions: Int?)
  {
    let counter = tacit_benchmark_open_instructions()
    defer { if counter >= 0 { close(counter) } }
    tacit_benchmark_count_allocations(1)
    let before = tacit_benchmark_read_instructions(counter)
    defer { tacit_benchmark_count_allocations(0) }
    tacit_benchmark_begin_profile()
    try body()
    let after = tacit_benchmark_read_instructions(counter)
    let allocations = tacit_benchmark_allocations()
    // From here on the name's own bytes are no longer counted.
    tacit_benchmark_count_allocations(0)
    unsafe tacit_benchmark_end_profile(name)
    return (
      allocations >= 0 ? Int(allocations) : nil, before >= 0 && after >= before ? Int(after - before) : nil
    )
  }

  /// Whether this machine counts instructions for us.
  static let countsInstructions: Bool = {
    let counter = tacit_benchmark_open_instructions()
    defer { if counter >= 0 { close(counter) } }
    return tacit_benchmark_read_instructions(counter) >= 0
  }()

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
