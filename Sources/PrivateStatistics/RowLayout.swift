import ExactMath

/// Which integers a row becomes: one value for each different way in which metrics read a column.
final class RowLayout: Sendable {
  /// How a field becomes an integer.
  enum Kind: UInt8, Sendable { case number, leaf, bin, key }

  /// One value, free of references.
  struct Step: Sendable {
    let kind: Kind
    let column: Int
    let grid: QuickGrid
    let offset: Int
    /// Where its references are: grid, bins or keys.
    let reference: Int
  }

  /// The columns that batches must hold, in their order.
  let columns: [String]
  /// For each metric the values it reads, in the order its cells need them.
  let slots: [[Int]]
  /// The integers that each value may become.
  let domains: [ClosedRange<Int>]
  let steps: [Step]
  let grids: [ValueGrid]
  private let bins: [BinEdges]
  private let keys: [KeyTable]
  private let conditions: [RowCondition]

  init(_ query: Query) {
    let columns = query.fieldNames
    self.columns = columns
    var sources: [ValueSource] = []
    slots = query.metrics.map { metric in
      metric.sources.map { source in
        if let known = sources.firstIndex(of: source) { return known }
        sources.append(source)
        return sources.count - 1
      }
    }
    domains = sources.map(\.domain)
    var grids: [ValueGrid] = []
    var bins: [BinEdges] = []
    var keys: [KeyTable] = []
    steps = sources.map { source in
      let column = columns.firstIndex(of: source.column) ?? 0
      switch source.reading {
      case .steps(let grid):
        grids.append(grid)
        return Step(kind: .number, column: column, grid: grid.quick, offset: 0, reference: grids.count - 1)
      case .centred(let grid):
        grids.append(grid)
        return Step(kind: .number, column: column, grid: grid.quick, offset: grid.middle, reference: grids.count - 1)
      case .leaf(let grid):
        grids.append(grid)
        return Step(kind: .leaf, column: column, grid: grid.quick, offset: 0, reference: grids.count - 1)
      case .bin(let edges):
        bins.append(BinEdges(edges))
        return Step(kind: .bin, column: column, grid: .none, offset: 0, reference: bins.count - 1)
      case .key(let names):
        keys.append(KeyTable(names))
        return Step(kind: .key, column: column, grid: .none, offset: 0, reference: keys.count - 1)
      }
    }
    self.grids = grids
    self.bins = bins
    self.keys = keys
    conditions = query.filters.map { RowCondition($0, column: columns.firstIndex(of: $0.column) ?? 0) }
  }

  /// The number of values of a row.
  var valueCount: Int { steps.count }

  /// Whether rows are numbers on grids and nothing else, so that typed columns need not become text.
  var isPlain: Bool { conditions.isEmpty && steps.allSatisfy { $0.kind == .number || $0.kind == .leaf } }

  /// Whether a row passes all filters.
  @inline(__always)
  func passes(_ fields: RowDecoder.Fields) throws(RowDecoder.Problem) -> Bool {
    if conditions.isEmpty { return true }
    var result = true
    for condition in conditions where unsafe try !condition.holds(fields) { result = false }
    return result
  }

  /// Reads the values of a row.
  @inline(__always)
  func read(_ fields: RowDecoder.Fields, into values: UnsafeMutablePointer<UInt64>) throws(RowDecoder.Problem) {
    for index in 0..<steps.count {
      let step = steps[index]
      let value: Int
      switch step.kind {
      case .number: value = unsafe try number(fields, step) - step.offset
      case .leaf:
        let place = unsafe try number(fields, step) - step.grid.lowest
        value = place * NoisePlan.leafCount / (step.grid.highest - step.grid.lowest + 1)
      case .bin:
        let (text, length) = unsafe try fields.number(step.column)
        guard let decimal = unsafe DecimalText(UnsafeRawBufferPointer(start: text, count: length)) else {
          throw length == 0 ? .missing(column: step.column) : .notNumber(column: step.column)
        }
        value = bins[step.reference].bin(of: decimal)
      case .key:
        let (text, length) = unsafe try fields.text(step.column)
        value = unsafe keys[step.reference].index(of: text, length)
      }
      unsafe values[index] = UInt64(bitPattern: Int64(value))
    }
  }

  /// The grid step of a field.
  @inline(__always)
  private func number(_ fields: RowDecoder.Fields, _ step: Step) throws(RowDecoder.Problem) -> Int {
    let (text, length) = unsafe try fields.number(step.column)
    if let index = unsafe step.grid.index(of: text, length) { return index }
    guard let decimal = unsafe DecimalText(UnsafeRawBufferPointer(start: text, count: length)) else {
      throw length == 0 ? .missing(column: step.column) : .notNumber(column: step.column)
    }
    return grids[step.reference].index(of: decimal)
  }
}

/// A column with the way in which a metric reads it.
struct ValueSource: Hashable, Sendable {
  /// What becomes of the field.
  enum Reading: Hashable, Sendable {
    /// Steps of a grid from 0, clamped.
    case steps(ValueGrid)
    /// Steps from the middle of the range, clamped.
    case centred(ValueGrid)
    /// A leaf of the quantile tree.
    case leaf(ValueGrid)
    /// The bin between edges.
    case bin([Rational])
    /// The place of a declared key, -1 for any other.
    case key([String])
  }

  let column: String
  let reading: Reading

  /// The integers that a field may become.
  var domain: ClosedRange<Int> {
    switch reading {
    case .steps(let grid): grid.lowest...grid.highest
    case .centred(let grid): (grid.lowest - grid.middle)...(grid.highest - grid.middle)
    case .leaf: 0...(NoisePlan.leafCount - 1)
    case .bin(let edges): 0...(edges.count - 2)
    case .key(let keys): -1...(keys.count - 1)
    }
  }
}

/// The edges of bins; a value on an edge belongs to the bin above it, outer values to the outer bins.
struct BinEdges: Sendable {
  private let edges: [Rational]
  /// The edges in units of 10⁻⁹, when all of them are whole.
  private let scaled: [Int]?

  init(_ edges: [Rational]) {
    self.edges = edges
    let whole = edges.compactMap { ($0 * 1_000_000_000).integer }
    scaled = whole.count == edges.count ? whole : nil
  }

  /// The bin whose lower edge is the last not above the value.
  func bin(of decimal: borrowing DecimalText) -> Int {
    if let scaled, let value = decimal.billionths {
      return BinEdges.search(scaled.count) { Int128(scaled[$0]) <= value }
    }
    let value = decimal.value
    return BinEdges.search(edges.count) { edges[$0] <= value }
  }

  @inline(__always)
  private static func search(_ count: Int, _ isReached: (Int) -> Bool) -> Int {
    var low = 0
    var high = count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if isReached(middle) { low = middle } else { high = middle }
    }
    return low
  }
}
