import ExactMath
import TableFormats

/// Turns the fields of a row into integers: unit, group and one value for each metric.
///
/// A class only so that hot loops pass one reference around; nothing in it changes.
final class RowDecoder: Sendable {
  /// How a metric's field becomes an integer.
  private enum Value: Sendable {
    case none
    case number(column: Int, QuickGrid, offset: Int)
    case leaf(column: Int, QuickGrid)
    case bin(column: Int, edges: [Rational])
    case key(column: Int, KeyIndex)
  }

  /// Why a row was not decoded.
  enum Problem: Error {
    case row(RowProblem)
    case missing(column: Int)
    case notNumber(column: Int)
    case notText(column: Int)
  }

  private let query: Query
  private let unitColumn: Int?
  private let groups: [(column: Int, keys: KeyIndex)]
  private let values: [Value]
  /// The columns, in the order in which batches must hold them.
  let columns: [String]

  init(_ query: Query) {
    self.query = query
    let columns = query.columns
    self.columns = columns
    func place(_ name: String) -> Int { columns.firstIndex(of: name) ?? 0 }
    if case .column(let name) = query.privacyUnit { unitColumn = place(name) } else { unitColumn = nil }
    groups = query.groupBy.map { (place($0.column), KeyIndex($0.keys)) }
    values = query.metrics.map { metric in
      guard let name = metric.column else { return .none }
      let column = place(name)
      switch (metric.kind, metric.grid) {
      case (.quantile, .some(let grid)): return .leaf(column: column, grid.quick)
      case (.sum, .some(let grid)): return .number(column: column, grid.quick, offset: 0)
      case (_, .some(let grid)): return .number(column: column, grid.quick, offset: grid.middle)
      case (_, .none):
        return metric.keys.isEmpty
          ? .bin(column: column, edges: metric.edges) : .key(column: column, KeyIndex(metric.keys))
      }
    }
  }

  /// The number of values of a row.
  var valueCount: Int { values.count }

  /// Decodes a row.
  ///
  /// - Returns: the group, or -1 for a row of no declared group; `unit` is left empty for rows as units.
  @inline(__always)
  func decode(
    _ row: Int, bytes: UnsafeRawBufferPointer, ranges: UnsafeBufferPointer<UInt32>,
    unit: inout UnsafeRawBufferPointer, into output: inout [Int]
  ) throws(Problem) -> Int {
    let base = 2 * row * columns.count
    if let unitColumn {
      let field = unsafe try text(base, unitColumn, bytes, ranges)
      guard unsafe !field.isEmpty else { throw .missing(column: unitColumn) }
      unsafe unit = field
    }
    var group = 0
    for (column, keys) in groups {
      let field = unsafe try text(base, column, bytes, ranges)
      let index = unsafe keys.index(of: field)
      if index < 0 { group = -1 } else if group >= 0 { group = group * keys.count + index }
    }
    for index in 0..<values.count {
      switch values[index] {
      case .none: output[index] = 0
      case .number(let column, let grid, let offset):
        output[index] = unsafe try step(try field(base, column, bytes, ranges), grid, index, column) - offset
      case .leaf(let column, let grid):
        let value = unsafe try step(try field(base, column, bytes, ranges), grid, index, column)
        output[index] = (value - grid.lowest) * NoisePlan.leafCount / (grid.highest - grid.lowest + 1)
      case .bin(let column, let edges):
        guard let value = unsafe DecimalText(try field(base, column, bytes, ranges))?.value else {
          throw .notNumber(column: column)
        }
        output[index] = RowDecoder.bin(of: value, edges)
      case .key(let column, let keys):
        output[index] = unsafe keys.index(of: try text(base, column, bytes, ranges))
      }
    }
    return group
  }

  /// The grid step of a field.
  @inline(__always)
  private func step(
    _ field: UnsafeRawBufferPointer, _ grid: QuickGrid, _ metric: Int, _ column: Int
  ) throws(Problem) -> Int {
    guard let decimal = unsafe DecimalText(field) else { throw .notNumber(column: column) }
    return grid.index(of: decimal) ?? query.metrics[metric].grid?.index(of: decimal) ?? 0
  }

  /// The bin whose lower edge is the last not above the value; outer values go to the outer bins.
  private static func bin(of value: Rational, _ edges: [Rational]) -> Int {
    var low = 0
    var high = edges.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if edges[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }

  @inline(__always)
  private func field(
    _ base: Int, _ column: Int, _ bytes: UnsafeRawBufferPointer, _ ranges: UnsafeBufferPointer<UInt32>
  ) throws(Problem) -> UnsafeRawBufferPointer {
    let start = unsafe Int(ranges[base + 2 * column])
    let end = unsafe Int(ranges[base + 2 * column + 1])
    guard start <= end else { throw .missing(column: column) }
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
  }

  /// A field that must be UTF-8.
  @inline(__always)
  private func text(
    _ base: Int, _ column: Int, _ bytes: UnsafeRawBufferPointer, _ ranges: UnsafeBufferPointer<UInt32>
  ) throws(Problem) -> UnsafeRawBufferPointer {
    let field = unsafe try field(base, column, bytes, ranges)
    var high: UInt8 = 0
    for index in 0..<field.count { high |= unsafe field[index] }
    if high >= 0x80, unsafe String(validating: field, as: UTF8.self) == nil { throw .notText(column: column) }
    return unsafe field
  }
}

extension RowDecoder.Problem {
  /// The problem in words, for a row of a file.
  func error(source: String, line: Int, columns: [String]) -> StatisticsError {
    let text =
      switch self {
      case .row(let problem): problem.reason
      case .missing(let column): "column \"\(columns[column])\": there is no value"
      case .notNumber(let column): "column \"\(columns[column])\": is not a finite decimal number"
      case .notText(let column): "column \"\(columns[column])\": is not UTF-8 text"
      }
    return StatisticsError(.badRow, "\(source):\(line)", text)
  }
}
