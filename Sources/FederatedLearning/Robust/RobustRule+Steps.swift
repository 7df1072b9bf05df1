extension RobustRule {
  /// The mean, from integer sums.
  static func mean(_ updates: [[Int32]]) -> [Double] {
    var sums = [Int64](repeating: 0, count: updates[0].count)
    for update in updates {
      let from = update.span
      var to = sums.mutableSpan
      for index in from.indices { to[index] &+= Int64(from[index]) }
    }
    let count = Double(updates.count)
    return sums.map { Double($0) / count }
  }

  /// Every coordinate's mean over the values nearest the median: a window of the sorted column, the lower one of equals.
  static func aroundMedian(_ updates: [[Int32]], keeping: Int, threads: Int) -> [Double] {
    let n = updates.count
    return Columns(updates, threads: threads).reduce { column in
      // Twice the median is an integer.
      let twice = Int64(column[(n - 1) / 2]) + Int64(column[n / 2])
      var low = 0
      var high = n
      while high - low > keeping {
        let below = twice - 2 * Int64(column[low])
        let above = 2 * Int64(column[high - 1]) - twice
        if below > above { low += 1 } else { high -= 1 }
      }
      return Double(column.sum(low..<high)) / Double(keeping)
    }
  }

  /// Smoothed Weiszfeld steps: z ← Σ x_i/max(ν, ‖x_i − z‖) over the sum of the weights.
  static func weiszfeld(_ updates: [[Int32]], iterations: Int, smoothing: Double) -> [Double] {
    var center = mean(updates)
    for _ in 0..<iterations {
      let weights = updates.map { 1 / max(smoothing, distance($0, center)) }
      let total = weights.reduce(0, +)
      var next = [Double](repeating: 0, count: center.count)
      for (update, weight) in zip(updates, weights) { add(update, times: weight / total, to: &next) }
      center = next
    }
    return center
  }

  /// v ← v + (1/n) Σ (x_i − v)·min(1, τ/‖x_i − v‖).
  static func recenter(_ center: inout [Double], _ updates: [[Int32]], radius: Double) {
    var next = [Double](repeating: 0, count: center.count)
    var kept = 0.0
    for update in updates {
      let length = distance(update, center)
      let factor = (length > radius ? radius / length : 1) / Double(updates.count)
      add(update, times: factor, to: &next)
      kept += factor
    }
    for index in center.indices { center[index] = next[index] + (1 - kept) * center[index] }
  }

  private static func distance(_ update: [Int32], _ center: [Double]) -> Double {
    let (x, z) = (update.span, center.span)
    var sum = 0.0
    for index in x.indices {
      let difference = Double(x[index]) - z[index]
      sum += difference * difference
    }
    return sum.squareRoot()
  }

  private static func add(_ update: [Int32], times factor: Double, to sum: inout [Double]) {
    let from = update.span
    var to = sum.mutableSpan
    for index in from.indices { to[index] += factor * Double(from[index]) }
  }

  /// Σ t_i·(‖g‖/‖x_i‖)·x_i / Σ t_i with t_i = max(0, cos(x_i, g)), in the order of the updates.
  static func trusting(_ trusted: [Int32], _ updates: [[Int32]]) -> [Double] {
    var result = [Double](repeating: 0, count: updates[0].count)
    guard trusted.count == result.count else { return result }
    // Products are at most 2^46 and exact in 128 bits.
    func product(_ x: [Int32], _ y: [Int32]) -> Double {
      var sum: Int128 = 0
      var part: Int64 = 0
      for (index, pair) in zip(x, y).enumerated() {
        part += Int64(pair.0) * Int64(pair.1)
        if index & 0xffff == 0xffff {
          sum += Int128(part)
          part = 0
        }
      }
      return Double(sum + Int128(part))
    }
    let square = product(trusted, trusted)
    var total = 0.0
    for update in updates {
      let inner = product(update, trusted)
      let length = product(update, update)
      guard inner > 0, length > 0 else { continue }
      let trust = inner / (length * square).squareRoot()
      let scale = trust * (square / length).squareRoot()
      for index in result.indices { result[index] += scale * Double(update[index]) }
      total += trust
    }
    if total > 0 { for index in result.indices { result[index] /= total } }
    return result
  }
}
