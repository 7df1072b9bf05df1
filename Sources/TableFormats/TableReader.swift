/// Anything that gives rows in batches: CSV, JSON Lines, delimited text.
///
/// Readers stream: memory does not grow with the table.
public protocol TableReader: ~Copyable {
  /// The name of the source, for errors.
  var source: String { get }
  /// The names of the fields of every row, in the order of ``TableBatch``'s columns.
  var columns: [String] { get }
  /// The next rows, or `nil` at the end.
  ///
  /// - Throws: ``TableError`` when the source fails or a row exceeds ``TableLimits``; a malformed row is no error
  ///   here but a ``RowProblem`` in the batch, so that the caller chooses to refuse or drop it.
  mutating func next() throws(TableError) -> TableBatch?
}
