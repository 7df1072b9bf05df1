private import Synchronization

/// The groups of a query whose keys are not declared: numbered as rows bring them, shared by all workers.
///
/// A group's name is its keys' bytes, each after its length. The numbers depend on the order of rows; nothing that
/// leaves an accumulator does.
final class OpenGroups: Sendable {
  private let table: Mutex<KeyTable>

  init(salt: UInt64) {
    table = Mutex(KeyTable(salt: salt))
  }

  /// The number of a group's name.
  func number(of name: [UInt8]) -> Int {
    table.withLock { $0.insert(name) }
  }

  /// The number of groups so far.
  var count: Int { table.withLock { $0.count } }

  /// All names, by their numbers.
  var names: [[UInt8]] { table.withLock { table in (0..<table.count).map { table[$0] } } }
}

/// Names of groups: keys with their lengths.
enum GroupName {
  /// The keys of a name.
  static func keys(_ name: [UInt8]) -> [[UInt8]]? {
    var keys: [[UInt8]] = []
    var place = 0
    while place < name.count {
      guard place + 4 <= name.count else { return nil }
      let length = (0..<4).reduce(0) { $0 | Int(name[place + $1]) << (8 * $1) }
      place += 4
      guard place + length <= name.count else { return nil }
      keys.append(Array(name[place..<(place + length)]))
      place += length
    }
    return keys
  }

  /// The order of answers: by the keys' bytes, the first column first.
  static func isBefore(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    for (left, right) in zip(keys(a) ?? [], keys(b) ?? []) where left != right {
      return left.lexicographicallyPrecedes(right)
    }
    return false
  }
}

/// Finds the group of a row's keys; one for each worker.
@safe
final class GroupFinder {
  /// One grouping column: its place in a batch and its declared keys.
  private struct Column {
    let place: Int
    let keys: KeyTable?
  }

  private let columns: [Column]
  /// The place and the keys of the only column, when there is one and its keys are declared.
  private let single: (place: Int, keys: KeyTable.View)?
  /// Whether the keys outgrow the cache, so that ``fetch(_:_:)`` is worth its while.
  let fetches: Bool
  private let open: OpenGroups?
  private let hash: KeyedHash
  /// What this worker knows of the open groups: its own numbers, with the shared ones and the tags beside them.
  private let known: KeyTable
  private var numbers: [UInt64] = []
  private var tags: [UInt64] = []
  private var name: UnsafeMutableRawPointer
  private var nameCapacity = 256

  init(_ query: Query, place: (String) -> Int, open: OpenGroups?, hash: KeyedHash) {
    let columns = query.groupBy.map { Column(place: place($0.column), keys: $0.isOpen ? nil : KeyTable($0.keys)) }
    self.columns = columns
    if columns.count == 1, let keys = columns[0].keys {
      unsafe single = (columns[0].place, keys.view)
      fetches = keys.count > KeyTable.mostCached
    } else {
      unsafe single = nil
      fetches = false
    }
    self.open = open
    self.hash = hash
    known = KeyTable(salt: hash.salt)
    unsafe name = .allocate(byteCount: nameCapacity, alignment: 8)
  }

  deinit { unsafe name.deallocate() }

  /// Fetches a part of what finding a later row's group will read.
  @inline(__always)
  func fetch(_ step: KeyTable.View.Step, _ fields: RowDecoder.Fields) {
    guard let (place, keys) = unsafe single, let (text, length) = unsafe fields[place] else { return }
    unsafe keys.prefetch(step, text, length)
  }

  /// The number and the tag of a row's group; -1 for a row of no declared group.
  ///
  /// - Parameter field: the bytes of a field, checked.
  @inline(__always)
  func find(
    _ field: (Int) throws(RowDecoder.Problem) -> (UnsafeRawPointer, Int)
  ) throws(RowDecoder.Problem) -> (number: Int, tag: UInt64) {
    if let (place, keys) = unsafe single {
      let (text, length) = unsafe try field(place)
      let key = unsafe keys.index(of: text, length)
      return (key, UInt64(bitPattern: Int64(key)))
    }
    if open != nil { return unsafe try findOpen(field) }
    var group = 0
    for index in 0..<columns.count {
      let (text, length) = unsafe try field(columns[index].place)
      guard let keys = columns[index].keys else { continue }
      let key = unsafe keys.index(of: text, length)
      if key < 0 { group = -1 } else if group >= 0 { group = group * keys.count + key }
    }
    return (group, UInt64(bitPattern: Int64(group)))
  }

  private func findOpen(
    _ field: (Int) throws(RowDecoder.Problem) -> (UnsafeRawPointer, Int)
  ) throws(RowDecoder.Problem) -> (number: Int, tag: UInt64) {
    var size = 0
    var declared = true
    for index in 0..<columns.count {
      let (text, length) = unsafe try field(columns[index].place)
      if let keys = columns[index].keys, unsafe keys.index(of: text, length) < 0 { declared = false }
      reserve(size + 4 + length + KeyTable.padding, keeping: size)
      unsafe name.storeBytes(of: UInt32(truncatingIfNeeded: length).littleEndian, toByteOffset: size, as: UInt32.self)
      unsafe (name + size + 4).copyMemory(from: text, byteCount: length)
      size += 4 + length
    }
    guard declared else { return (-1, 0) }
    let local = unsafe known.index(of: UnsafeRawPointer(name), size)
    if local >= 0 { return (Int(numbers[local]), tags[local]) }
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: name, count: size))
    let number = open?.number(of: bytes) ?? -1
    _ = known.insert(bytes)
    numbers.append(UInt64(number))
    tags.append(unsafe bytes.withUnsafeBytes { unsafe hash($0).low })
    return (number, tags[tags.count - 1])
  }

  private func reserve(_ size: Int, keeping kept: Int) {
    guard size > nameCapacity else { return }
    let wider = UnsafeMutableRawPointer.allocate(byteCount: 2 * size, alignment: 8)
    unsafe wider.copyMemory(from: name, byteCount: kept)
    unsafe name.deallocate()
    unsafe name = wider
    nameCapacity = 2 * size
  }
}
