import BenchmarkSupport

/// Samples by name, in the order the names first came.
struct Samples {
  private struct Entry {
    var name: String
    var by: String
    var unit: String
    var target: Double?
    var products: Int?
    var seconds: [Double]
    var note: String?
  }

  private var entries: [Entry] = []

  var isEmpty: Bool { entries.isEmpty }

  mutating func add(
    _ name: String, by: String = "Tacit", _ seconds: [Double], unit: String = "operations", target: Double? = nil,
    products: Int? = nil, note: String? = nil
  ) {
    if let index = entries.firstIndex(where: { $0.name == name && $0.by == by }) {
      entries[index].seconds += seconds
    } else {
      entries.append(
        Entry(name: name, by: by, unit: unit, target: target, products: products, seconds: seconds, note: note))
    }
  }

  func median(_ name: String) -> Double? {
    guard let entry = entries.first(where: { $0.name == name }), !entry.seconds.isEmpty else { return nil }
    return entry.seconds.sorted()[entry.seconds.count / 2]
  }

  /// Rows; the note says which share of the measured time the processor's multiplier needs at least, where the formulae's
  /// products are known.
  func report(to benchmark: Benchmark, bits: Int, _ limit: ProcessorLimit) {
    for entry in entries {
      var row = BenchmarkRow(
        "\(bits) bits: \(entry.name)", by: entry.by, unit: entry.unit, times: entry.seconds,
        target: entry.target.map { $0 * 1e-6 }, note: entry.note)
      if let products = entry.products, let seconds = row.seconds {
        let share = Double(products) * limit.nanosecondsPerProduct * 1e-9 / seconds
        row.note = "\(products) products of 64 bits, \(Int((share * 100).rounded())) % of the limit"
      }
      benchmark.add(row)
    }
  }
}
