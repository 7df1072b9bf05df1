import BenchmarkSupport

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
func interleaved(_ subjects: [Subject], repetitions: Int, _ peers: Peers?) -> [BenchmarkRow] {
  for subject in subjects { subject.body() }
  var times = [[Double]](repeating: [], count: subjects.count)
  for _ in 0..<repetitions {
    for (index, subject) in subjects.enumerated() {
      let start = BenchmarkClock.thread()
      subject.body()
      times[index].append(BenchmarkClock.thread() - start)
    }
    peers?.round()
  }
  return zip(subjects, times).map { subject, times in
    BenchmarkRow(
      subject.name, size: subject.count, unit: subject.unit, times: times,
      bytes: subject.unit == "bytes" ? subject.count : 8 * subject.count)
  }
}
