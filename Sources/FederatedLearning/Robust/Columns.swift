private import CKernels
private import Dispatch

/// The coordinates of many updates, each sorted by a network over sixteen coordinates at once.
struct Columns {
  private let updates: [[Int32]]
  private let threads: Int
  private let network: [UInt16]

  init(_ updates: [[Int32]], threads: Int) {
    self.updates = updates
    self.threads = threads
    network = Columns.sortingNetwork(updates.count)
  }

  /// Comparators that sort any n values (Batcher 1968, odd-even merge exchange; Knuth, volume 3, algorithm 5.2.2M).
  static func sortingNetwork(_ n: Int) -> [UInt16] {
    guard n > 1 else { return [] }
    var network: [UInt16] = []
    var top = 1
    while top * 2 < n { top *= 2 }
    var p = top
    while p > 0 {
      var (q, r, d) = (top, 0, p)
      while true {
        for i in 0..<max(0, n - d) where i & p == r {
          network.append(UInt16(i))
          network.append(UInt16(i + d))
        }
        if q == p { break }
        d = q - p
        q /= 2
        r = p
      }
      p /= 2
    }
    return network
  }

  /// Applies `body` to every coordinate's sorted values.
  func reduce(_ body: @Sendable (ArraySlice<Int32>) -> Double) -> [Double] {
    let n = updates.count
    let length = updates[0].count
    var result = [Double](repeating: 0, count: length)
    let parts = max(1, min(threads, length / 4096))
    let (updates, network) = (updates, network)
    unsafe result.withUnsafeMutableBufferPointer { output in
      let output = unsafe Output(output)
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        var block = [Int32](repeating: 0, count: n * 16)
        var column = [Int32](repeating: 0, count: n)
        var at = part * length / parts
        let end = (part + 1) * length / parts
        while at < end {
          let width = min(16, end - at)
          for row in 0..<n {
            let values = updates[row]
            for offset in 0..<width { block[row * 16 + offset] = values[at + offset] }
          }
          unsafe network.withUnsafeBufferPointer { network in
            unsafe block.withUnsafeMutableBufferPointer { block in
              unsafe tacit_sort_columns(network.baseAddress, network.count / 2, block.baseAddress)
            }
          }
          for offset in 0..<width {
            for row in 0..<n { column[row] = block[row * 16 + offset] }
            output.set(at + offset, body(column[...]))
          }
          at += width
        }
      }
    }
    return result
  }

  /// Where threads write, each to coordinates of its own.
  @safe private struct Output: @unchecked Sendable {
    private let values: UnsafeMutableBufferPointer<Double>

    init(_ values: UnsafeMutableBufferPointer<Double>) { unsafe self.values = values }

    func set(_ index: Int, _ value: Double) { unsafe values[index] = value }
  }
}
