/// Reads IDX, the format of MNIST and its kin: a big-endian tensor of bytes, integers or floats.
///
/// Layout: two zero bytes, the element type, the number of dimensions, each dimension as a 32-bit big-endian
/// integer, then the elements in row-major order.
public struct IDXReader: ~Copyable {
  /// The type of the elements.
  public enum Element: UInt8, Hashable, Sendable {
    /// Unsigned bytes.
    case uint8 = 0x08
    /// Signed bytes.
    case int8 = 0x09
    /// 16-bit integers.
    case int16 = 0x0b
    /// 32-bit integers.
    case int32 = 0x0c
    /// Single-precision floats.
    case float32 = 0x0d
    /// Double-precision floats.
    case float64 = 0x0e

    /// The bytes of one element.
    public var byteCount: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }
  }

  /// The name of the source, for errors.
  public let source: String
  /// The type of the elements.
  public let element: Element
  /// The dimensions; the first counts the items.
  public let shape: [Int]
  private var input: ByteSource
  private var itemsLeft: Int
  private var checkedEnd = false

  /// The elements of one item: the product of all dimensions but the first.
  public var itemSize: Int { shape.dropFirst().reduce(1, *) }

  /// Opens a tensor and reads its shape.
  ///
  /// - Parameter input: The bytes; gzip is unpacked.
  /// - Throws: ``TableError`` when the header is not IDX, or the tensor would exceed 2⁴⁰ bytes.
  public init(_ input: consuming ByteSource) throws(TableError) {
    var input = input
    let start = try IDXReader.exactly(4, from: &input, what: "header")
    guard start[0] == 0, start[1] == 0, let element = Element(rawValue: start[2]), start[3] > 0 else {
      throw TableError(.wrongFormat, source: input.name, reason: "is not an IDX file")
    }
    let dimensions = try IDXReader.exactly(4 * Int(start[3]), from: &input, what: "shape")
    var shape: [Int] = []
    var total = element.byteCount
    for index in stride(from: 0, to: dimensions.count, by: 4) {
      let size = dimensions[index..<(index + 4)].reduce(0) { $0 << 8 | Int($1) }
      let (product, overflow) = total.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow, product <= 1 << 40 else {
        throw TableError(.tooLarge, source: input.name, reason: "the tensor has more than 2^40 bytes")
      }
      total = product
      shape.append(size)
    }
    self.source = input.name
    self.element = element
    self.shape = shape
    self.itemsLeft = shape[0]
    self.input = input
  }

  /// The next items' bytes, still big-endian: `itemSize * element.byteCount` for each item.
  ///
  /// - Parameter count: The most items wanted.
  /// - Returns: Fewer at the end, `nil` when there are none left.
  /// - Throws: ``TableError`` when the file is shorter or longer than its shape says.
  public mutating func next(_ count: Int) throws(TableError) -> [UInt8]? {
    precondition(count > 0, "items are read one or more at a time")
    guard itemsLeft > 0 else {
      if !checkedEnd {
        var rest = [UInt8](repeating: 0, count: 1)
        guard try input.readBlock(&rest) == 0 else {
          throw TableError(.wrongFormat, source: source, reason: "the file is longer than its shape says")
        }
        checkedEnd = true
      }
      return nil
    }
    let take = min(count, itemsLeft)
    let bytes = try IDXReader.exactly(take * itemSize * element.byteCount, from: &input, what: "data")
    itemsLeft -= take
    return bytes
  }

  /// Every remaining item of a tensor of unsigned bytes.
  ///
  /// - Throws: ``TableError`` when the elements are of another type, or as ``next(_:)`` does.
  public consuming func readBytes() throws(TableError) -> [UInt8] {
    guard element == .uint8 else {
      throw TableError(.wrongFormat, source: source, reason: "the elements are not unsigned bytes")
    }
    var result: [UInt8] = []
    let batch = max(1, (1 << 20) / max(1, itemSize))
    while let bytes = try next(batch) { result.append(contentsOf: bytes) }
    return result
  }

  private static func exactly(
    _ count: Int, from input: inout ByteSource, what: String
  ) throws(TableError) -> [UInt8] {
    var result: [UInt8] = []
    while result.count < count {
      var block = [UInt8](repeating: 0, count: min(count - result.count, 1 << 20))
      let more = try input.readBlock(&block)
      guard more > 0 else {
        throw TableError(.wrongFormat, source: input.name, reason: "the file ends inside its \(what)")
      }
      result.append(contentsOf: block[..<more])
    }
    return result
  }
}
