import CKernels
import ExactMath
import PrivacyAccounting
import PrivateStatistics
import TableFormats
import Testing

/// A table in Arrow's memory layout: `u` int64, `g` text, `x` float64; its release only counts.
@safe
private final class ArrowTable {
  private let users: UnsafeMutablePointer<Int64>
  private let offsets: UnsafeMutablePointer<Int32>
  private let characters: UnsafeMutablePointer<UInt8>
  private let values: UnsafeMutablePointer<Double>
  private let valid: UnsafeMutablePointer<UInt8>
  private let buffers: UnsafeMutablePointer<UnsafeRawPointer?>
  private let columns: UnsafeMutablePointer<ArrowArray>
  private let children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>
  private let kinds: UnsafeMutablePointer<ArrowSchema>
  private let kindChildren: UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>
  private let array: UnsafeMutablePointer<ArrowArray>
  private let schema: UnsafeMutablePointer<ArrowSchema>

  init(_ rows: [(user: Int, group: String, value: Double?)]) {
    unsafe users = .allocate(capacity: rows.count + 1)
    unsafe offsets = .allocate(capacity: rows.count + 1)
    unsafe characters = .allocate(capacity: rows.reduce(1) { $0 + $1.group.utf8.count })
    unsafe values = .allocate(capacity: rows.count + 1)
    unsafe valid = .allocate(capacity: rows.count / 8 + 1)
    unsafe valid.initialize(repeating: 0, count: rows.count / 8 + 1)
    unsafe offsets[0] = 0
    for (row, content) in rows.enumerated() {
      unsafe users[row] = Int64(content.user)
      var end = unsafe Int(offsets[row])
      for byte in content.group.utf8 {
        unsafe characters[end] = byte
        end += 1
      }
      unsafe offsets[row + 1] = Int32(end)
      unsafe values[row] = content.value ?? .nan
      if content.value != nil { unsafe valid[row / 8] |= 1 << UInt8(row % 8) }
    }
    unsafe buffers = .allocate(capacity: 8)
    let list: [UnsafeRawPointer?] = unsafe [
      nil, UnsafeRawPointer(users), nil, UnsafeRawPointer(offsets), UnsafeRawPointer(characters),
      UnsafeRawPointer(valid), UnsafeRawPointer(values), nil,
    ]
    for index in 0..<8 { unsafe buffers[index] = list[index] }
    unsafe columns = .allocate(capacity: 3)
    unsafe children = .allocate(capacity: 3)
    unsafe kinds = .allocate(capacity: 3)
    unsafe kindChildren = .allocate(capacity: 3)
    let names: [(StaticString, StaticString, Int, Int64)] = [("u", "l", 0, 2), ("g", "u", 2, 3), ("x", "g", 5, 2)]
    for (index, (name, format, first, count)) in names.enumerated() {
      var column = unsafe ArrowArray()
      unsafe column.length = Int64(rows.count)
      unsafe column.null_count = -1
      unsafe column.n_buffers = count
      unsafe column.buffers = buffers + first
      unsafe (columns + index).initialize(to: column)
      unsafe children[index] = columns + index
      var kind = unsafe ArrowSchema()
      unsafe kind.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
      unsafe kind.format = UnsafeRawPointer(format.utf8Start).assumingMemoryBound(to: CChar.self)
      unsafe (kinds + index).initialize(to: kind)
      unsafe kindChildren[index] = kinds + index
    }
    unsafe array = .allocate(capacity: 1)
    unsafe schema = .allocate(capacity: 1)
    unsafe array.initialize(to: ArrowArray())
    unsafe schema.initialize(to: ArrowSchema())
    let format: StaticString = "+s"
    unsafe schema.pointee.format = UnsafeRawPointer(format.utf8Start).assumingMemoryBound(to: CChar.self)
    unsafe schema.pointee.n_children = 3
    unsafe schema.pointee.children = kindChildren
    unsafe schema.pointee.release = { unsafe $0?.pointee.release = nil }
    unsafe array.pointee.n_buffers = 1
    unsafe array.pointee.n_children = 3
    unsafe array.pointee.buffers = buffers + 7
    unsafe array.pointee.children = children
    unsafe array.pointee.release = { unsafe $0?.pointee.release = nil }
  }

  deinit {
    unsafe users.deallocate()
    unsafe offsets.deallocate()
    unsafe characters.deallocate()
    unsafe values.deallocate()
    unsafe valid.deallocate()
    unsafe buffers.deallocate()
    unsafe columns.deallocate()
    unsafe children.deallocate()
    unsafe kinds.deallocate()
    unsafe kindChildren.deallocate()
    unsafe array.deallocate()
    unsafe schema.deallocate()
  }

  /// Some rows as an array that starts within its columns.
  func stream(_ range: Range<Int>, columns: [String]) throws -> ArrowStream {
    unsafe array.pointee.offset = Int64(range.lowerBound)
    unsafe array.pointee.length = Int64(range.count)
    unsafe array.pointee.release = { unsafe $0?.pointee.release = nil }
    unsafe schema.pointee.release = { unsafe $0?.pointee.release = nil }
    return unsafe try ArrowStream(arrayAt: array, schemaAt: schema, name: "arrow", columns: columns)
  }
}

@Suite struct `Arrow columns` {
  private func rows(_ count: Int) -> [(user: Int, group: String, value: Double?)] {
    (0..<count).map { _ in
      let value: Double =
        switch Int.random(in: 0..<6) {
        case 0: Double(Int.random(in: -20...120))
        case 1: Double(Int.random(in: -500...5_000)) / 100
        case 2: Double.random(in: -5...120)
        case 3: Double.random(in: -1e300...1e300)
        // Boundaries between steps and their neighbours.
        case 4: (Double(Int.random(in: 0..<1 << 20)) + 0.5) / Double(1 << 14)
        default: ((Double(Int.random(in: 0..<1 << 20)) + 0.5) / Double(1 << 14)).nextDown
        }
      return (Int.random(in: -3...300), ["a", "b", "é", "other"][Int.random(in: 0..<4)], value)
    }
  }

  @Test func `columns and their text give the same partials`() throws {
    let groups = [[try GroupColumn(column: "g", keys: ["a", "b", "é"])], [GroupColumn(column: "g")], []]
    for _ in 0..<2 {
      let all = rows(500)
      let table = ArrowTable(all)
      let text = "u,g,x\n" + all.map { "\($0.user),\($0.group),\($0.value.map { "\($0)" } ?? "")\n" }.joined()
      for group in groups {
        for (unit, filters) in [(PrivacyUnit.rows, []), (.column("u"), []), (.column("u"), [RowFilter].small)] {
          for step in [nil, try rational("1/3")] {
            let question = try Query(
              privacyUnit: unit, epsilon: Epsilon(1), delta: Delta("1e-6"),
              bounds: unit == .rows ? nil : ContributionBounds(groupsPerUnit: 2, rowsPerGroup: 3), groupBy: group,
              filters: filters,
              metrics: [
                Metric(name: "n", kind: .count),
                Metric(name: "s", kind: .sum, column: "x", range: 0...100, step: step),
                Metric(name: "q", kind: .median, column: "x", range: 0...100),
                Metric(name: "v", kind: .variance, column: "u", range: 0...200),
              ].dropLast(unit == .rows ? 0 : 1))
            let whole = try accumulator(question, [text]).partial()
            var mine = try accumulator(question, [])
            let cut = Int.random(in: 0...all.count)
            try mine.add(table.stream(0..<cut, columns: question.columns))
            try mine.add(table.stream(cut..<all.count, columns: question.columns), threads: 3)
            #expect(mine.partial() == whole)
          }
        }
      }
    }
  }

  @Test func `one large array is shared out and gives the same partial`() throws {
    var all = rows(200_000)
    for row in all.indices { all[row].value = 0.5 }
    let question = try Query(
      privacyUnit: .column("u"), epsilon: Epsilon(1), delta: Delta("1e-6"),
      bounds: ContributionBounds(groupsPerUnit: 2, rowsPerGroup: 3),
      groupBy: [GroupColumn(column: "g", keys: ["a", "b", "é"])],
      metrics: [Metric(name: "s", kind: .sum, column: "x", range: 0...100)])
    var single = try accumulator(question, [])
    let table = ArrowTable(all)
    try single.add(table.stream(0..<all.count, columns: question.columns))
    let whole = single.partial()
    for threads in [2, 5] {
      var mine = try accumulator(question, [])
      try mine.add(table.stream(0..<all.count, columns: question.columns), threads: threads)
      #expect(mine.partial() == whole)
    }
    // The first bad row is named, in whatever slice it is.
    all[150_000].value = nil
    all[190_000].value = nil
    let damaged = ArrowTable(all)
    for threads in [1, 4] {
      var mine = try accumulator(question, [])
      let error = #expect(throws: StatisticsError.self) {
        try mine.add(damaged.stream(0..<all.count, columns: question.columns), threads: threads)
      }
      #expect(error?.place == "arrow:150001")
    }
  }

  @Test func `a null or no number is a bad row named by its place`() throws {
    let question = try query(metrics: [Metric(name: "s", kind: .sum, column: "x", range: 0...1)])
    for bad in [nil, Double.nan, .infinity] {
      var all = rows(100)
      for row in all.indices { all[row].value = 0.5 }
      all[40].value = bad
      let table = ArrowTable(all)
      var mine = try accumulator(question, [])
      let error = #expect(throws: StatisticsError.self) {
        try mine.add(table.stream(10..<100, columns: question.columns))
      }
      #expect(error?.place == "arrow:31")
    }
  }
}

extension [RowFilter] {
  /// Values of at most fifty.
  fileprivate static var small: [RowFilter] {
    (try? [RowFilter(column: "x", .isWithin(atLeast: nil, atMost: 50))]) ?? []
  }
}
