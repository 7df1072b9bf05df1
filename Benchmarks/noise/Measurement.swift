import Glibc

/// Processor time of this thread, in seconds.
func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// One row of the report: how many things a subject makes in a second, over interleaved repetitions.
struct Measurement: Encodable {
  let name: String
  /// `draws` or `bytes`.
  let unit: String
  /// Things a second: quartiles of the repetitions.
  let lower: Double
  let median: Double
  let upper: Double
  let repetitions: Int
  /// What kept a subject from being measured.
  var note: String?

  init(_ name: String, unit: String = "draws", rates: [Double], note: String? = nil) {
    let sorted = rates.sorted()
    func quantile(_ p: Double) -> Double {
      guard !sorted.isEmpty else { return 0 }
      return sorted[min(sorted.count - 1, Int((p * Double(sorted.count - 1)).rounded()))]
    }
    self.name = name
    self.unit = unit
    lower = quantile(0.25)
    median = quantile(0.5)
    upper = quantile(0.75)
    repetitions = rates.count
    self.note = note
  }

  /// The row as text.
  var line: String {
    func field(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    func millions(_ rate: Double) -> String { "\((rate / 1e6 * 1_000).rounded() / 1_000)" }
    if let note, repetitions == 0 { return field(name, 46) + note }
    return field(name, 46) + field("\(millions(median)) M/s", 16)
      + field("[\(millions(lower)), \(millions(upper))]", 22)
      + "\((1e11 / median).rounded() / 100) ns each"
  }
}

/// Something whose speed is measured: it makes `count` things at every call.
struct Subject {
  let name: String
  var unit = "draws"
  let count: Int
  /// Random bytes a draw, where a draw is made of them.
  var bytes: Double?
  let body: () -> Void
}

/// Measures all subjects once and lets the peers have a round, then again, so that a slow minute of the machine falls on
/// all of them alike.
func interleaved(_ subjects: [Subject], repetitions: Int, _ peers: Peers) -> [Measurement] {
  for subject in subjects { subject.body() }
  var rates = [[Double]](repeating: [], count: subjects.count)
  for _ in 0..<repetitions {
    for (index, subject) in subjects.enumerated() {
      let start = processorSeconds()
      subject.body()
      rates[index].append(Double(subject.count) / (processorSeconds() - start))
    }
    peers.round()
  }
  return zip(subjects, rates).map { Measurement($0.name, unit: $0.unit, rates: $1) }
}
