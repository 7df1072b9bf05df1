import Glibc

/// One operation's figures over all rounds.
struct Row: Encodable {
  var name: String
  var bits: Int
  /// Median seconds of one operation.
  var seconds: Double
  /// The time aimed at on a processor that starts one 64-bit multiplication a cycle.
  var targetSeconds: Double?
  /// 64-bit products the formulae need, Karatsuba counted where it is used.
  var limbProducts: Int?
  /// What those products take at least on this processor, over the time measured.
  var shareOfLimit: Double?
}

/// A ratio of two figures of one run.
struct Ratio: Encodable {
  var name: String
  var bits: Int
  var value: Double
  var target: Double
}

/// Everything of one run.
struct Report: Encodable {
  var date: String
  var processor: String
  var accelerated: Bool
  var limit: ProcessorLimit
  var rows: [Row] = []
  var ratios: [Ratio] = []
  var notes: [String] = []
}

/// Samples by name, in the order the names first came.
struct Samples {
  struct Entry {
    var name: String
    var target: Double?
    var products: Int?
    var seconds: [Double]
  }

  private(set) var entries: [Entry] = []

  mutating func add(_ name: String, _ seconds: [Double], target: Double? = nil, products: Int? = nil) {
    if let index = entries.firstIndex(where: { $0.name == name }) {
      entries[index].seconds += seconds
    } else {
      entries.append(Entry(name: name, target: target, products: products, seconds: seconds))
    }
  }

  func median(_ name: String) -> Double? {
    guard let entry = entries.first(where: { $0.name == name }), !entry.seconds.isEmpty else { return nil }
    return entry.seconds.sorted()[entry.seconds.count / 2]
  }

  func rows(bits: Int, _ limit: ProcessorLimit) -> [Row] {
    entries.compactMap { entry in
      median(entry.name).map { seconds in
        Row(
          name: entry.name, bits: bits, seconds: seconds, targetSeconds: entry.target.map { $0 * 1e-6 },
          limbProducts: entry.products,
          shareOfLimit: entry.products.map { Double($0) * limit.nanosecondsPerProduct * 1e-9 / seconds })
      }
    }
  }
}

extension Report {
  func printTable() {
    print("\(processor), \(date)")
    print(
      "one thread; clock \(rounded(limit.gigahertz)) GHz; \(accelerated ? "mulx, adcx and adox" : "portable") rows; "
        + "a 64-bit product takes \(rounded(limit.cyclesPerProduct)) cycles, "
        + "added to memory in a row \(rounded(limit.cyclesPerAccumulatedProduct))")
    print("targets are for processors that start a product a cycle; share: the limit's time over the time measured")
    for bits in Array(Set(rows.map(\.bits))).sorted() {
      print("")
      print(pad("\(bits) bits", 54) + pad("time", 13) + pad("target", 13) + pad("products", 12) + "share of the limit")
      for row in rows where row.bits == bits {
        var line = pad(row.name, 54) + pad(format(row.seconds), 13)
        line += pad(row.targetSeconds.map { "≤ " + format($0) } ?? "", 13)
        line += pad(row.limbProducts.map { "\($0)" } ?? "", 12)
        line += row.shareOfLimit.map { "\(Int(($0 * 100).rounded())) %" } ?? ""
        print(line)
      }
      for ratio in ratios where ratio.bits == bits {
        print(pad(ratio.name, 54) + pad("\(rounded(ratio.value))", 13) + "≥ \(rounded(ratio.target))")
      }
    }
    for note in notes { print(note) }
  }
}

func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }

func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

func format(_ seconds: Double) -> String {
  if seconds >= 1e-4 { return "\(rounded(seconds * 1e3)) ms" }
  if seconds >= 1e-6 { return "\(rounded(seconds * 1e6)) µs" }
  return "\(rounded(seconds * 1e9)) ns"
}
