/// Which rank trains which clients of a round.
package enum CohortSplit {
  /// Clients dealt to ranks, largest first, each to the rank with the least work so far (Graham 1969): a function of
  /// the cohort alone, so every rank knows it without asking.
  ///
  /// - Parameters:
  ///   - clients: in the order in which they are dealt.
  ///   - work: what each takes, in any unit.
  package static func balanced(_ clients: [Int], work: [Int], ranks: Int, rank: Int) -> [Int] {
    guard ranks > 1 else { return clients }
    // A heap of ranks by load; ties by number.
    var heap = (0..<ranks).map { (load: 0, rank: $0) }
    var (most, next, end) = (0, 0, 0)
    var own: [Int] = []
    own.reserveCapacity(clients.count / ranks + 1)
    while next < clients.count {
      let step = 1 + work[next]
      if end <= next {
        end = next + 1
        while end < clients.count, 1 + work[end] == step { end += 1 }
      }
      // Ranks whose loads differ by less than a client take turns for as long as clients are alike.
      let turns = (end - next) / ranks
      if turns > 0, most - heap[0].load < step {
        heap.sort { $0 < $1 }
        if let place = heap.firstIndex(where: { $0.rank == rank }) {
          for turn in 0..<turns { own.append(clients[next + turn * ranks + place]) }
        }
        for index in heap.indices { heap[index].load += turns * step }
        most += turns * step
        next += turns * ranks
        continue
      }
      if heap[0].rank == rank { own.append(clients[next]) }
      heap[0].load += step
      most = max(most, heap[0].load)
      next += 1
      CohortSplit.sink(&heap)
    }
    return own
  }

  /// Restores the order of a heap whose first element grew.
  private static func sink(_ heap: inout [(load: Int, rank: Int)]) {
    var at = 0
    while 2 * at + 1 < heap.count {
      let left = 2 * at + 1
      let child = left + 1 < heap.count && heap[left + 1] < heap[left] ? left + 1 : left
      guard heap[child] < heap[at] else { return }
      heap.swapAt(child, at)
      at = child
    }
  }

  /// Clients that keep something between their participations stay where it is.
  package static func home(of client: Int, ranks: Int) -> Int { client % ranks }
}
