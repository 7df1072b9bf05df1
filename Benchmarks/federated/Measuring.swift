import Glibc

/// Times of one subject, in seconds, and what was asked of it.
struct Row: Encodable {
  let name: String
  let unit: String
  /// Wall times, one each repetition.
  var wall: [Double] = []
  /// The processor's time of the same work, summed over threads.
  var processor: [Double] = []
  /// What the project wants the median of wall times to be at most; nil when nothing is wanted.
  var target: Double?
  /// Why there is nothing to tell.
  var note: String?
  /// A share in hundredths, where that is the question.
  var percent: Double?
  /// The most memory that the process has had, in MiB, where that is the question.
  var memory: Int?

  init(_ name: String, per unit: String, target: Double? = nil) {
    self.name = name
    self.unit = unit
    self.target = target
  }

  private enum CodingKeys: CodingKey {
    case name, unit, median, best, processor, target, note, percent, memory, repetitions
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(unit, forKey: .unit)
    try container.encodeIfPresent(median(wall), forKey: .median)
    try container.encodeIfPresent(wall.min(), forKey: .best)
    try container.encodeIfPresent(median(processor), forKey: .processor)
    try container.encodeIfPresent(target, forKey: .target)
    try container.encodeIfPresent(note, forKey: .note)
    try container.encodeIfPresent(percent, forKey: .percent)
    try container.encodeIfPresent(memory, forKey: .memory)
    try container.encode(wall.count, forKey: .repetitions)
  }

  var line: String {
    let padding = String(repeating: " ", count: max(1, 62 - name.count))
    if let note, wall.isEmpty { return name + padding + note }
    func text(_ seconds: Double?) -> String { seconds.map { "\(($0 * 1e5).rounded() / 100) ms" } ?? "-" }
    var line = "\(name)\(padding)\(text(median(wall))) a \(unit), best \(text(wall.min())), "
    line += "processor \(text(median(processor)))"
    if let target { line += ", target \(text(target))" }
    if let memory { line += ", \(memory) MiB" }
    return line
  }

  /// Does the work once and notes its times.
  mutating func time(_ work: () throws -> Void) rethrows {
    let (start, before) = (ContinuousClock.now, processorSeconds())
    try work()
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    wall.append(Double(seconds) + Double(attoseconds) * 1e-18)
    processor.append(processorSeconds() - before)
  }
}

/// The middle one, nil of none.
func median(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.sorted()[values.count / 2] }

/// The time that this process's threads have had.
func processorSeconds() -> Double {
  var now = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// The most memory that this process has had, in MiB.
func mostMemory() -> Int {
  var usage = rusage()
  unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss / 1024
}
