/// Which rank trains which clients of a round.
package enum CohortSplit {
  /// Clients dealt to ranks, largest first, each to the rank with the least work so far (Graham 1969): a function of
  /// the cohort alone, so every rank knows it without asking.
  ///
  /// - Parameters:
  ///   - clients: in the order in which they are dealt.
  ///   - work: what a client takes, in any unit.
  package static func balanced(_ clients: [Int], ranks: Int, rank: Int, work: (Int) -> Int) -> [Int] {
    guard ranks > 1 else { return clients }
    // A heap of ranks by load; ties by number.
    var heap = (0..<ranks).map { (load: 0, rank: $0) }
    var own: [Int] = []
    for client in clients {
      if heap[0].rank == rank { own.append(client) }
      heap[0].load += 1 + work(client)
      var at = 0
      while true {
        let left = 2 * at + 1
        guard left < ranks else { break }
        let child = left + 1 < ranks && heap[left + 1] < heap[left] ? left + 1 : left
        guard heap[child] < heap[at] else { break }
        heap.swapAt(child, at)
        at = child
      }
    }
    return own
  }

  /// Clients that keep something between their participations stay where it is.
  package static func home(of client: Int, ranks: Int) -> Int { client % ranks }
}
