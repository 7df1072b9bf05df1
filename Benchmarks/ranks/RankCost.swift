import Foundation

/// What a round takes on several ranks: what each does for the whole cohort, its share of the clients, one all-reduce.
struct RankCost {
  /// Seconds to train one client.
  var client = 0.0
  /// Seconds that every rank takes for every client of the cohort, its own or not: drawing and dealing them.
  var dealing = 0.0
  /// Seconds until a message arrives.
  var latency = 0.0
  /// Bytes a second between two ranks.
  var bandwidth = Double.infinity

  /// Seconds of an all-reduce.
  ///
  /// 2·⌈log₂ n⌉ messages one after the other, and 2(n − 1)/n times the bytes through each rank: a reduce-scatter and an
  /// all-gather (Thakur, Rabenseifner and Gropp 2005, section 4).
  func allReduce(bytes: Double, ranks: Double) -> Double {
    guard ranks > 1 else { return 0 }
    return 2 * log2(ranks).rounded(.up) * latency + 2 * bytes * (ranks - 1) / ranks / bandwidth
  }

  /// Seconds of a round.
  func round(clients: Double, bytes: Double, ranks: Double) -> Double {
    dealing * clients + client * (clients / ranks).rounded(.up) + allReduce(bytes: bytes, ranks: ranks)
  }

  /// The least squares line through points: where it starts and how it climbs.
  static func line(_ points: [(x: Double, y: Double)]) -> (start: Double, slope: Double) {
    let count = Double(points.count)
    let x = points.reduce(0) { $0 + $1.x } / count
    let y = points.reduce(0) { $0 + $1.y } / count
    let along = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    let slope = along > 0 ? points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / along : 0
    return (y - slope * x, slope)
  }
}
