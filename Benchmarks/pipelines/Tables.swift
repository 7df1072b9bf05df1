import CKernels
import Foundation

/// Rows of `user,group,value`, the same every time: a xorshift of fixed seed.
struct Rows {
  let users: Int
  let groups: Int
  private var state: UInt64 = 88_172_645_463_325_252

  init(users: Int, groups: Int) {
    self.users = users
    self.groups = groups
  }

  private mutating func draw(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }

  /// User, group and value in hundredths.
  mutating func next() -> (user: Int, group: Int, hundredths: Int) {
    (draw(users), draw(groups), 100 * draw(10_000) + draw(100))
  }

  /// Appends rows as CSV.
  mutating func write(_ count: Int, to text: inout [UInt8]) {
    for _ in 0..<count {
      let row = next()
      Rows.append(row.user, to: &text)
      text.append(UInt8(ascii: ","))
      text.append(UInt8(ascii: "g"))
      Rows.append(row.group, to: &text)
      text.append(UInt8(ascii: ","))
      Rows.append(row.hundredths / 100, to: &text)
      text.append(UInt8(ascii: "."))
      text.append(0x30 + UInt8(row.hundredths / 10 % 10))
      text.append(0x30 + UInt8(row.hundredths % 10))
      text.append(UInt8(ascii: "\n"))
    }
  }

  private static func append(_ number: Int, to text: inout [UInt8]) {
    if number >= 10 { append(number / 10, to: &text) }
    text.append(0x30 + UInt8(number % 10))
  }

  static let header = Array("user,group,value\n".utf8)

  /// A whole table as CSV.
  static func csv(rows: Int, users: Int, groups: Int) -> [UInt8] {
    var text = header
    text.reserveCapacity(rows * 24)
    var source = Rows(users: users, groups: groups)
    source.write(rows, to: &text)
    return text
  }
}

/// A pipe that a thread of its own fills with rows, so that no table of that size need be held.
final class RowPipe: @unchecked Sendable {
  /// What to open for reading.
  let path: String
  private let ends = Pipe()

  init(rows: Int, users: Int, groups: Int) {
    path = "/dev/fd/\(ends.fileHandleForReading.fileDescriptor)"
    let writer = ends.fileHandleForWriting
    Thread.detachNewThread {
      var source = Rows(users: users, groups: groups)
      var text = Rows.header
      var left = rows
      while left > 0 {
        let count = min(left, 50_000)
        source.write(count, to: &text)
        try? writer.write(contentsOf: text)
        text.removeAll(keepingCapacity: true)
        left -= count
      }
      try? writer.close()
    }
  }
}

/// Columns `user` (int64), `group` (dictionary of text) and `value` (float64) behind an Arrow stream, handed out again
/// and again from the same memory.
@safe
final class ArrowRows {
  let rows: Int
  fileprivate let batch: Int
  fileprivate var left: Int
  fileprivate let user: UnsafeMutablePointer<Int64>
  fileprivate let group: UnsafeMutablePointer<Int32>
  fileprivate let value: UnsafeMutablePointer<Double>
  fileprivate let offsets: UnsafeMutablePointer<Int32>
  fileprivate let names: UnsafeMutablePointer<UInt8>
  fileprivate let groups: Int

  init(rows: Int, batch: Int, users: Int, groups: Int) {
    (self.rows, self.batch, self.groups, left) = (rows, batch, groups, rows)
    unsafe user = .allocate(capacity: batch)
    unsafe group = .allocate(capacity: batch)
    unsafe value = .allocate(capacity: batch)
    unsafe offsets = .allocate(capacity: groups + 1)
    let text = (0..<groups).map { Array("g\($0)".utf8) }
    unsafe names = .allocate(capacity: text.reduce(0) { $0 + $1.count } + 64)
    var end = 0
    unsafe offsets[0] = 0
    for (index, name) in text.enumerated() {
      for byte in name {
        unsafe names[end] = byte
        end += 1
      }
      unsafe offsets[index + 1] = Int32(end)
    }
    var source = Rows(users: users, groups: groups)
    for index in 0..<batch {
      let row = source.next()
      unsafe user[index] = Int64(row.user)
      unsafe group[index] = Int32(row.group)
      unsafe value[index] = Double(row.hundredths) / 100
    }
  }

  deinit {
    unsafe user.deallocate()
    unsafe group.deallocate()
    unsafe value.deallocate()
    unsafe offsets.deallocate()
    unsafe names.deallocate()
  }

  /// Fills in a stream, which borrows this.
  func open(_ stream: UnsafeMutablePointer<ArrowArrayStream>) {
    left = rows
    unsafe stream.pointee.private_data = Unmanaged.passUnretained(self).toOpaque()
    unsafe stream.pointee.get_schema = { _, out in unsafe ArrowParts.schema(out) }
    unsafe stream.pointee.get_next = { stream, out in
      guard let owner = unsafe stream?.pointee.private_data, let out = unsafe out else { return 1 }
      let table = unsafe Unmanaged<ArrowRows>.fromOpaque(owner).takeUnretainedValue()
      let count = min(table.batch, table.left)
      table.left -= count
      unsafe out.pointee = ArrowArray()
      if count > 0 { unsafe ArrowParts.array(out, table, count) }
      return 0
    }
    unsafe stream.pointee.release = { stream in unsafe stream?.pointee.release = nil }
  }
}

/// The structs of Arrow's interface, on the heap and freed by their releases.
private enum ArrowParts {
  private static func format(_ text: StaticString) -> UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  static func schema(_ out: UnsafeMutablePointer<ArrowSchema>?) -> Int32 {
    guard let out = unsafe out else { return 1 }
    let children = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(capacity: 3)
    let kinds: [(StaticString, StaticString)] = [("user", "l"), ("group", "i"), ("value", "g")]
    for (index, (name, kind)) in kinds.enumerated() {
      let child = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
      unsafe child.initialize(to: ArrowSchema())
      unsafe child.pointee.format = format(kind)
      unsafe child.pointee.name = format(name)
      unsafe children[index] = child
    }
    let dictionary = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
    unsafe dictionary.initialize(to: ArrowSchema())
    unsafe dictionary.pointee.format = format("u")
    unsafe children[1]?.pointee.dictionary = dictionary
    unsafe out.pointee = ArrowSchema()
    unsafe out.pointee.format = format("+s")
    unsafe out.pointee.n_children = 3
    unsafe out.pointee.children = children
    unsafe out.pointee.release = { schema in
      guard let children = unsafe schema?.pointee.children else { return }
      unsafe children[1]?.pointee.dictionary?.deallocate()
      for index in 0..<3 { unsafe children[index]?.deallocate() }
      unsafe children.deallocate()
      unsafe schema?.pointee.release = nil
    }
    return 0
  }

  private static func column(
    _ length: Int, _ buffers: [UnsafeRawPointer?]
  ) -> UnsafeMutablePointer<ArrowArray> {
    let array = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
    unsafe array.initialize(to: ArrowArray())
    let list = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: unsafe buffers.count)
    let count = unsafe buffers.count
    for index in 0..<count { unsafe list[index] = buffers[index] }
    unsafe array.pointee.length = Int64(length)
    unsafe array.pointee.n_buffers = Int64(count)
    unsafe array.pointee.buffers = list
    return unsafe array
  }

  static func array(_ out: UnsafeMutablePointer<ArrowArray>, _ table: ArrowRows, _ count: Int) {
    let children = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(capacity: 3)
    unsafe children[0] = column(count, [nil, UnsafeRawPointer(table.user)])
    unsafe children[1] = column(count, [nil, UnsafeRawPointer(table.group)])
    unsafe children[2] = column(count, [nil, UnsafeRawPointer(table.value)])
    unsafe children[1]?.pointee.dictionary = column(
      table.groups, [nil, UnsafeRawPointer(table.offsets), UnsafeRawPointer(table.names)])
    let whole = unsafe column(count, [nil])
    unsafe out.pointee = whole.pointee
    unsafe whole.deallocate()
    unsafe out.pointee.n_children = 3
    unsafe out.pointee.children = children
    unsafe out.pointee.release = { array in
      guard let array = unsafe array, let children = unsafe array.pointee.children else { return }
      for index in 0..<3 {
        if let dictionary = unsafe children[index]?.pointee.dictionary {
          unsafe dictionary.pointee.buffers?.deallocate()
          unsafe dictionary.deallocate()
        }
        unsafe children[index]?.pointee.buffers?.deallocate()
        unsafe children[index]?.deallocate()
      }
      unsafe children.deallocate()
      unsafe array.pointee.buffers?.deallocate()
      unsafe array.pointee.release = nil
    }
  }
}
