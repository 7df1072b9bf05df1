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

  /// Coordinates that are fetched from every update at a time: a hundred updates' stay in the second-level cache.
  private static let tile = 512

  /// One coordinate's values in increasing order.
  @safe struct Sorted {
    fileprivate let values: UnsafePointer<Int32>
    let count: Int

    fileprivate init(_ values: UnsafePointer<Int32>, _ count: Int) {
      unsafe self.values = values
      self.count = count
    }

    subscript(_ rank: Int) -> Int32 {
      precondition(rank >= 0 && rank < count, "a rank is below the number of updates")
      return unsafe values[rank * 16]
    }

    /// The sum of a range of ranks.
    func sum(_ ranks: Range<Int>) -> Int64 {
      precondition(ranks.lowerBound >= 0 && ranks.upperBound <= count, "ranks are below the number of updates")
      var sum: Int64 = 0
      for rank in ranks { sum += unsafe Int64(values[rank * 16]) }
      return sum
    }
  }

  /// Applies `body` to every coordinate's sorted values.
  func reduce(_ body: @Sendable (Sorted) -> Double) -> [Double] {
    let n = updates.count
    let length = updates[0].count
    var result = [Double](repeating: 0, count: length)
    let parts = max(1, min(threads, length / 4096))
    let (updates, network) = (updates, network)
    unsafe result.withUnsafeMutableBufferPointer { output in
      let output = unsafe Output(output)
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        // Sixteen coordinates after sixteen, each a block of rows of sixteen values.
        var tile = [Int32](repeating: 0, count: n * Columns.tile)
        var at = part * length / parts
        let end = (part + 1) * length / parts
        while at < end {
          let width = min(Columns.tile, end - at)
          var target = tile.mutableSpan
          for row in 0..<n {
            let update = updates[row]
            let values = update.span
            for offset in 0..<width { target[(offset >> 4) * n * 16 + row * 16 + offset & 15] = values[at + offset] }
          }
          unsafe tile.withUnsafeMutableBufferPointer { tile in
            guard let tile = tile.baseAddress else { return }
            unsafe network.withUnsafeBufferPointer { network in
              for start in stride(from: 0, to: width, by: 16) {
                unsafe tacit_sort_columns(network.baseAddress, network.count / 2, tile + start * n)
              }
            }
            for offset in 0..<width {
              let column = unsafe Sorted(tile + (offset >> 4) * n * 16 + offset & 15, n)
              output.set(at + offset, body(column))
            }
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
