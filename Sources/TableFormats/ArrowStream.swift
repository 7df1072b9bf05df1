private import CKernels

/// A table as another library hands it over in memory: Arrow's C stream, or one Arrow array with its schema.
///
/// Columns of whole numbers, `float32`, `float64`, `bool`, `utf8`, `large_utf8`, `utf8_view` and dictionaries of text
/// are read; other columns may be there but not be asked for. The addresses come from the same process and are
/// trusted to be what Arrow's specification says; lengths, offsets and dictionary places are checked.
///
/// Reference: Apache Arrow, "The Arrow C data interface" and "The Arrow C stream interface".
@safe
public final class ArrowStream {
  /// The name of the source, for errors.
  public let source: String
  /// The columns that batches hold.
  public let columns: [String]
  private var stream: UnsafeMutablePointer<ArrowArrayStream>?
  /// The only array, when there is no stream.
  private var array: UnsafeMutablePointer<ArrowArray>?
  private let kinds: [(place: Int, kind: ArrowColumn.Kind, keys: ArrowColumn.Kind?)]
  private let childCount: Int
  private var failure: TableError?

  /// Takes a stream over; it is released when this goes.
  ///
  /// - Parameters:
  ///   - address: A `struct ArrowArrayStream`, which must stay in place until this goes.
  ///   - name: The name used in errors.
  ///   - columns: The columns wanted, in the order wanted.
  /// - Throws: ``TableError`` when a column is missing, ambiguous or of another kind; the stream is released then.
  public init(streamAt address: UnsafeMutableRawPointer, name: String, columns: [String]) throws(TableError) {
    let stream = unsafe address.assumingMemoryBound(to: ArrowArrayStream.self)
    source = name
    self.columns = columns
    unsafe self.stream = stream
    unsafe array = nil
    var schema = unsafe ArrowSchema()
    defer { unsafe schema.release?(&schema) }
    do throws(TableError) {
      guard let describe = unsafe stream.pointee.get_schema, unsafe describe(stream, &schema) == 0 else {
        throw TableError(.unreadable, source: name, reason: "the Arrow stream gives no schema")
      }
      kinds = unsafe try ArrowStream.kinds(of: columns, in: schema, source: name)
      childCount = unsafe Int(schema.n_children)
    } catch {
      unsafe stream.pointee.release?(stream)
      throw error
    }
  }

  /// Takes one array over.
  ///
  /// The array is released when it has been read, the schema at once.
  ///
  /// - Parameters:
  ///   - array: A `struct ArrowArray` of structs.
  ///   - schema: The `struct ArrowSchema` of its columns.
  ///   - name: The name used in errors.
  ///   - columns: The columns wanted, in the order wanted.
  /// - Throws: ``TableError`` when a column is missing, ambiguous or of another kind; both are released then.
  public init(
    arrayAt array: UnsafeMutableRawPointer, schemaAt schema: UnsafeMutableRawPointer, name: String, columns: [String]
  ) throws(TableError) {
    let array = unsafe array.assumingMemoryBound(to: ArrowArray.self)
    let schema = unsafe schema.assumingMemoryBound(to: ArrowSchema.self)
    source = name
    self.columns = columns
    unsafe self.array = array
    unsafe stream = nil
    defer { unsafe schema.pointee.release?(schema) }
    do throws(TableError) {
      kinds = unsafe try ArrowStream.kinds(of: columns, in: schema.pointee, source: name)
      childCount = unsafe Int(schema.pointee.n_children)
    } catch {
      unsafe array.pointee.release?(array)
      throw error
    }
  }

  deinit {
    if let stream = unsafe stream { unsafe stream.pointee.release?(stream) }
    if let array = unsafe array { unsafe array.pointee.release?(array) }
  }

  private static func kinds(
    of columns: [String], in schema: ArrowSchema, source: String
  ) throws(TableError) -> [(place: Int, kind: ArrowColumn.Kind, keys: ArrowColumn.Kind?)] {
    guard unsafe text(schema.format) == "+s", unsafe schema.n_children >= 0 else {
      throw TableError(.wrongFormat, source: source, reason: "the Arrow data is not a table of columns")
    }
    var names: [String] = []
    for place in 0..<(unsafe Int(schema.n_children)) {
      names.append(unsafe schema.children?[place].flatMap { child in unsafe text(child.pointee.name) } ?? "")
    }
    var result: [(place: Int, kind: ArrowColumn.Kind, keys: ArrowColumn.Kind?)] = []
    for column in columns {
      let places = names.indices.filter { names[$0] == column }
      guard let place = places.first, let child = unsafe schema.children?[place] else {
        throw TableError(.missingColumn, source: source, column: column, reason: "the table has no such column")
      }
      guard places.count == 1 else {
        throw TableError(.repeatedColumn, source: source, column: column, reason: "the name stands for two columns")
      }
      let kind = unsafe ArrowColumn.Kind(format: text(child.pointee.format))
      var keys: ArrowColumn.Kind?
      if let dictionary = unsafe child.pointee.dictionary {
        keys = unsafe ArrowColumn.Kind(format: text(dictionary.pointee.format))
        guard keys?.isText == true, kind?.isWhole == true else {
          throw TableError(
            .wrongFormat, source: source, column: column, reason: "only dictionaries of text are read")
        }
      }
      guard let kind else {
        throw TableError(
          .wrongFormat, source: source, column: column,
          reason: "only whole numbers, float32, float64, bool and text are read")
      }
      result.append((place, kind, keys))
    }
    return result
  }

  private static func text(_ characters: UnsafePointer<CChar>?) -> String {
    unsafe characters.map { unsafe String(cString: $0) } ?? ""
  }

  /// The next rows, or `nil` at the end.
  ///
  /// - Throws: ``TableError`` when the producer fails or its arrays do not fit its schema.
  package func nextArrays() throws(TableError) -> ArrowBatch? {
    if let failure { throw failure }
    var next = unsafe ArrowArray()
    if let stream = unsafe stream {
      guard let advance = unsafe stream.pointee.get_next, unsafe advance(stream, &next) == 0 else {
        // The producer's own text may quote data.
        let error = TableError(.unreadable, source: source, reason: "the Arrow stream's producer failed")
        failure = error
        throw error
      }
      if unsafe next.release == nil { return nil }
    } else {
      guard let array = unsafe array else { return nil }
      unsafe next = array.pointee
      // Moved, as the specification has it: the old place is marked as released.
      unsafe array.pointee.release = nil
      unsafe self.array = nil
      if unsafe next.release == nil { return nil }
    }
    let batch = unsafe ArrowBatch(taking: next)
    guard batch.open(kinds: kinds, children: childCount) else {
      let error = TableError(.wrongFormat, source: source, reason: "an Arrow array does not fit its schema")
      failure = error
      throw error
    }
    return batch
  }
}

/// One array of structs, released when it goes.
@safe
package final class ArrowBatch: @unchecked Sendable {
  private var array: ArrowArray
  /// The number of rows.
  package let rowCount: Int
  /// The wanted columns.
  package private(set) var columns: [ArrowColumn] = []

  fileprivate init(taking array: ArrowArray) {
    unsafe self.array = array
    rowCount = unsafe max(0, Int(array.length))
  }

  deinit {
    for column in columns { column.close() }
    unsafe array.release?(&array)
  }

  fileprivate func open(
    kinds: [(place: Int, kind: ArrowColumn.Kind, keys: ArrowColumn.Kind?)], children: Int
  ) -> Bool {
    // Rows that are null as a whole have no meaning in a table.
    let hasNullRows = unsafe array.null_count != 0 && array.n_buffers > 0 && array.buffers?[0] != nil
    guard unsafe array.length >= 0, unsafe array.offset >= 0, unsafe Int(array.n_children) == children, !hasNullRows
    else { return false }
    for (place, kind, keys) in kinds {
      guard let child = unsafe array.children?[place],
        let column = unsafe ArrowColumn(
          child.pointee, kind: kind, keys: keys, skip: Int(array.offset), rows: rowCount)
      else { return false }
      columns.append(column)
    }
    return true
  }
}
