private import CKernels

extension Network {
  /// The non-zero inputs of one layer for a small batch: lists by example, bits by input.
  ///
  /// Images and rectified units are zero more often than not, and a zero input needs neither a product on the way
  /// forward nor a step on the way back.
  struct Marks {
    /// One bit for each example of a batch.
    static let mostRows = 32
    /// Positions have 16 bits.
    static let mostInputs = 65_536

    var list: [UInt16]
    var count: [UInt32]
    var mask: [UInt32]

    init(inputs: Int, rows: Int) {
      list = [UInt16](repeating: 0, count: (inputs + 8) * rows)
      count = [UInt32](repeating: 0, count: rows)
      mask = [UInt32](repeating: 0, count: inputs)
    }

    /// Marks the first `rows` rows of a layer's input.
    mutating func find(in input: [Float], rows: Int, portable: Int32) {
      let inputs = mask.count
      precondition(rows <= count.count && input.count >= rows * inputs, "a batch fits its marks")
      unsafe input.withUnsafeBufferPointer { input in
        unsafe list.withUnsafeMutableBufferPointer { list in
          unsafe count.withUnsafeMutableBufferPointer { count in
            unsafe mask.withUnsafeMutableBufferPointer { mask in
              unsafe tacit_mark(
                input.baseAddress, rows, inputs, list.baseAddress, count.baseAddress, mask.baseAddress, portable)
            }
          }
        }
      }
    }
  }
}
