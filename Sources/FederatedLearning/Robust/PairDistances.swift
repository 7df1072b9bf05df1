private import CKernels
private import Dispatch
private import Synchronization

/// Exact squared distances between all pairs of updates.
package struct PairDistances {
  let count: Int
  private let squares: [UInt128]

  /// Coordinates at a time: a hundred pieces as doubles stay in the second-level cache.
  private static let piece = 512
  /// Doubles between the pieces of two updates: not a power of two, so that their cache lines differ.
  private static let stride = 516

  /// Distances of updates of one length, exact for any values; beyond 2^25 in magnitude they take longer.
  ///
  /// ‖x − y‖² = x·x + y·y − 2·x·y, where every product is an exact integer.
  package init(_ updates: [[Int32]], threads: Int, portable: Bool = false) {
    (count, squares) = (updates.count, Self.sums(updates, threads, portable, pieces: (0, 1)))
  }

  /// The same where every rank looks at its share of the coordinates, followed by one all-reduce: three words a pair.
  package init(_ updates: [[Int32]], threads: Int, over ranks: any Collective) throws(FederatedError) {
    count = updates.count
    let own = Self.sums(updates, threads, false, pieces: (ranks.rank, ranks.size))
    guard ranks.size > 1 else {
      squares = own
      return
    }
    // 48 bits a word, so that the sums of up to 2^15 ranks carry nothing away.
    let mask: UInt128 = 1 << 48 - 1
    var words = own.flatMap { [Int64($0 & mask), Int64($0 >> 48 & mask), Int64($0 >> 96)] }
    try ranks.sum(&words)
    squares = own.indices.map { index in
      (UInt128(UInt64(bitPattern: words[3 * index])) + UInt128(UInt64(bitPattern: words[3 * index + 1])) << 48)
        &+ UInt128(UInt64(bitPattern: words[3 * index + 2])) << 96
    }
  }

  /// Squared distances over every `step`-th piece of the coordinates.
  private static func sums(
    _ updates: [[Int32]], _ threads: Int, _ portable: Bool, pieces share: (first: Int, step: Int)
  ) -> [UInt128] {
    let n = updates.count
    let length = updates[0].count
    let pieces = (length + Self.piece - 1) / Self.piece
    let next = Atomic<Int>(0)
    let total = Mutex([UInt128](repeating: 0, count: n * n))
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, pieces))) { _ in
      var own = [UInt128](repeating: 0, count: n * n)
      var products = [Int64](repeating: 0, count: n * n)
      let rows = unsafe UnsafeMutableRawPointer.allocate(byteCount: 8 * n * Self.stride, alignment: 64)
        .initializeMemory(as: Double.self, repeating: 0, count: n * Self.stride)
      defer { unsafe rows.deallocate() }
      while true {
        let index = share.first + share.step * next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < pieces else { break }
        let start = index * Self.piece
        let width = min(Self.piece, length - start)
        // A last piece that is no multiple of four ends with zeros.
        let whole = (width + 3) & ~3
        var most: Int32 = 0
        for i in 0..<n {
          let row = unsafe rows + i * Self.stride
          for place in width..<whole { unsafe row[place] = 0 }
          unsafe updates[i].withUnsafeBufferPointer { x in
            guard let x = x.baseAddress else { return }
            unsafe most = max(most, tacit_widen(x + start, row, width))
          }
        }
        guard most >= 0, most <= 1 << 25 else {
          Self.addPlainly(updates, start..<start + width, to: &own)
          continue
        }
        unsafe products.withUnsafeMutableBufferPointer { products in
          guard let products = products.baseAddress else { return }
          unsafe tacit_gram(rows, Self.stride, n, whole, most, products, portable ? 1 : 0)
        }
        for i in 0..<n {
          for j in 0..<i {
            let square = products[i * n + i] + products[j * n + j] - 2 * products[i * n + j]
            own[i * n + j] += UInt128(square)
          }
        }
      }
      total.withLock { sum in for index in sum.indices { sum[index] += own[index] } }
    }
    return total.withLock { $0 }
  }

  /// The same for values of any size.
  private static func addPlainly(_ updates: [[Int32]], _ range: Range<Int>, to own: inout [UInt128]) {
    for i in updates.indices {
      for j in 0..<i {
        for place in range {
          let difference = Int64(updates[i][place]) - Int64(updates[j][place])
          own[i * updates.count + j] += UInt128(difference.magnitude) * UInt128(difference.magnitude)
        }
      }
    }
  }

  package subscript(_ i: Int, _ j: Int) -> UInt128 {
    i == j ? 0 : i > j ? squares[i * count + j] : squares[j * count + i]
  }

  /// Members ordered by Krum's score within their set.
  ///
  /// With a single neighbour two members that are each other's nearest have equal scores: the one nearer to all others
  /// comes first, and only then the order of members decides.
  func krumOrder(_ members: [Int], bad: Int) -> [Int] {
    let nearest = max(1, members.count - bad - 2)
    let scored = members.map { member in
      let others = members.filter { $0 != member }.map { self[member, $0] }.sorted()
      return (others.prefix(nearest).reduce(0, +), others.reduce(0, +), member)
    }
    return scored.sorted { $0 < $1 }.map(\.2)
  }

  /// Each update's nearest ones, itself included.
  func nearest(to member: Int, count wanted: Int) -> [Int] {
    Array((0..<count).sorted { (self[member, $0], $0) < (self[member, $1], $1) }.prefix(wanted))
  }

  /// The subset of a size whose largest distance is least; of several the one whose distances add up to least.
  func leastDiameter(keeping: Int) throws(FederatedError) -> [Int] {
    var subsets = 1
    for index in 0..<min(keeping, count - keeping) {
      subsets = subsets * (count - index) / (index + 1)
      guard subsets <= RobustRule.mostSubsets else {
        throw FederatedError(
          .configuration, "robust.kind", "minimum-diameter would look through too many subsets of \(count) updates")
      }
    }
    // Often one pair is the diameter of several subsets: the sum of all distances decides then, so that the order of the
    // updates does not.
    var best: (diameter: UInt128, total: UInt128, subset: [Int])?
    func extend(_ chosen: [Int], from start: Int, _ diameter: UInt128, _ total: UInt128) {
      if let best, (diameter, total) >= (best.diameter, best.total) { return }
      if chosen.count == keeping {
        best = (diameter, total, chosen)
        return
      }
      guard count - start >= keeping - chosen.count else { return }
      for member in start..<count {
        let distances = chosen.map { self[$0, member] }
        extend(
          chosen + [member], from: member + 1, distances.reduce(diameter) { max($0, $1) }, distances.reduce(total, +))
      }
    }
    extend([], from: 0, 0, 0)
    return best?.subset ?? []
  }
}
