/// What a mechanism declares about neighbouring inputs, as a generator of them: the tests of a mechanism's law take their
/// inputs from here and from nowhere else.
enum Metric: Hashable {
  /// Vectors that differ by at most `bound` in the L1 norm.
  case l1(bound: Int, dimension: Int)
  /// Vectors whose squared L2 distance is at most `square`.
  case l2(square: Int, dimension: Int)
  /// Scores, or values of a stream, each of which moves by at most `bound`; monotone ones all in one direction.
  case each(count: Int, bound: Int, monotone: Bool)
  /// Streams that differ in one step, by at most `bound`.
  case oneStep(count: Int, bound: Int)
  /// Any two values of one person.
  case anyTwo(categories: Int)
  /// Data sets of the values, of which `changed` are replaced.
  case replaced(values: [Int64], count: Int, changed: Int)
  /// Data sets of the values, to which `changed` are added.
  case added(values: [Int64], count: Int, changed: Int)
  /// A value and its distance from danger: both move by one step, the value by at most `bound`; at distance zero of both
  /// the values are any.
  case valueAndDistance(bound: Int, near: Int)

  /// The same, with neighbours `factor` times as far away; `nil` where no two inputs are farther than neighbours.
  func stretched(by factor: Int) -> Metric? {
    switch self {
    case .l1(let bound, let dimension): .l1(bound: factor * bound, dimension: dimension)
    case .l2(let square, let dimension): .l2(square: factor * factor * square, dimension: dimension)
    case .each(let count, let bound, let monotone): .each(count: count, bound: factor * bound, monotone: monotone)
    case .oneStep(let count, let bound): .oneStep(count: count, bound: factor * bound)
    case .anyTwo: nil
    case .replaced(let values, let count, let changed):
      factor * changed > count ? nil : .replaced(values: values, count: count, changed: factor * changed)
    case .added(let values, let count, let changed): .added(values: values, count: count, changed: factor * changed)
    case .valueAndDistance(let bound, let near): .valueAndDistance(bound: factor * bound, near: near)
    }
  }

  /// Neighbouring inputs: the changes that reach farthest, in every direction.
  var pairs: [([Int64], [Int64])] {
    switch self {
    case .l1(let bound, let dimension):
      around(
        Metric.vectors(-bound...bound, dimension).filter { (vector: [Int64]) -> Bool in
          vector.reduce(0 as Int64) { (sum: Int64, value: Int64) -> Int64 in sum + abs(value) } == bound
        })
    case .l2(let square, let dimension):
      around(
        Metric.vectors(-Metric.root(square)...Metric.root(square), dimension).filter { (vector: [Int64]) -> Bool in
          let norm: Int64 = vector.reduce(0) { (sum: Int64, value: Int64) -> Int64 in sum + value * value }
          // No coordinate can grow any more.
          return norm <= square && vector.allSatisfy { norm + 2 * abs($0) + 1 > square }
        })
    case .each(let count, let bound, let monotone):
      Metric.vectors(-1...1, count).filter { $0.contains { $0 != 0 } }.filter {
        !monotone || !($0.contains(1) && $0.contains(-1))
      }.flatMap { sign in
        Metric.scores(count).map { start in (start, zip(start, sign).map { $0 + $1 * Int64(bound) }) }
      }
    case .oneStep(let count, let bound):
      (0..<count).flatMap { place in
        [Int64(bound), -Int64(bound)].map { change in
          let start = (0..<count).map { Int64($0 % 2) }
          return (start, start.enumerated().map { $0 == place ? $1 + change : $1 })
        }
      }
    case .anyTwo(let categories):
      (0..<categories).flatMap { a in (0..<categories).map { b in ([Int64(a)], [Int64(b)]) } }.filter { $0.0 != $0.1 }
    case .replaced(let values, let count, let changed):
      Metric.lists(values, count).flatMap { list in
        Metric.lists(values, changed).map { (list, $0 + list.dropFirst(changed)) }
      }
    case .added(let values, let count, let changed):
      Metric.lists(values, count).flatMap { list in Metric.lists(values, changed).map { (list, list + $0) } }
    case .valueAndDistance(let bound, let near):
      Metric.nearDanger(Int64(bound), Int64(near))
    }
  }

  private static func nearDanger(_ bound: Int64, _ near: Int64) -> [([Int64], [Int64])] {
    let anywhere: ([Int64], [Int64]) = ([0, 0], [60, 0])
    return (0...near).reduce(into: [anywhere]) { pairs, distance in
      let start: [Int64] = [0, distance]
      pairs.append((start, [bound, distance]))
      pairs.append((start, [bound, distance + 1]))
      pairs.append((start, [0, distance + 1]))
      pairs.append((start, [-bound, distance + 1]))
    }
  }

  private func around(_ changes: [[Int64]]) -> [([Int64], [Int64])] {
    changes.map { change in (change.map { _ in 3 }, change.map { 3 + $0 }) }
  }

  private static func root(_ square: Int) -> Int64 { Int64(Double(square).squareRoot()) }

  private static func scores(_ count: Int) -> [[Int64]] {
    [[0, 0, 0, 0], [1, 0, 2, 0]].map { Array($0.prefix(count)) }
  }

  private static func vectors(_ range: ClosedRange<some BinaryInteger>, _ dimension: Int) -> [[Int64]] {
    lists((Int64(range.lowerBound)...Int64(range.upperBound)).map { $0 }, dimension)
  }

  /// All lists of `count` of the values.
  static func lists(_ values: [Int64], _ count: Int) -> [[Int64]] {
    (0..<count).reduce([[]]) { lists, _ in lists.flatMap { list in values.map { list + [$0] } } }
  }
}
