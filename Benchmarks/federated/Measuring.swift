import BenchmarkSupport

/// Times of one subject, in seconds, and what was asked of it.
struct Row {
  let name: String
  var by = "Tacit"
  let unit: String
  /// Wall times, one each repetition.
  var wall: [Double] = []
  /// The processor's time of the same work, summed over threads.
  var processor: [Double] = []
  /// What the project wants the median of wall times to be at most; nil when nothing is wanted.
  var target: Double?
  /// Why there is nothing to tell.
  var note: String?
  /// The most memory that the process has had, in MiB, where that is the question.
  var memory: Int?

  init(_ name: String, by: String = "Tacit", per unit: String, target: Double? = nil) {
    self.name = name
    self.by = by
    self.unit = unit
    self.target = target
  }

  /// Does the work once and notes its times.
  mutating func time(_ work: () throws -> Void) rethrows {
    let (start, before) = (BenchmarkClock.wall(), BenchmarkClock.processor())
    try work()
    wall.append(BenchmarkClock.wall() - start)
    processor.append(BenchmarkClock.processor() - before)
  }

  /// Adds it to a run; the clock is the wall's, because the work is on several threads.
  func report(to benchmark: Benchmark) {
    var row = BenchmarkRow(name, by: by, unit: unit, times: wall, clock: "wall", target: target, note: note)
    row.otherSeconds = median(processor)
    row.megabytes = memory
    benchmark.add(row)
  }
}

/// The middle one, nil of none.
func median(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.sorted()[values.count / 2] }
