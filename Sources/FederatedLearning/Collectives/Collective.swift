/// The processes that run one simulation together, as one of them sees them.
///
/// Every rank holds the whole state of the server and applies the same updates to it; ranks share only the work of
/// clients. What is added up across ranks are integers, so the number of ranks never changes a result. Every operation
/// is called by all ranks, in the same order.
public protocol Collective: Sendable {
  /// The number of this process, from 0.
  var rank: Int { get }
  /// How many processes there are.
  var size: Int { get }

  /// Replaces every word by its sum over all ranks, modulo 2^64.
  func sum(_ words: inout [Int64]) throws(FederatedError)

  /// Replaces what other ranks have by what rank 0 has; lengths may differ before.
  func broadcast(_ bytes: inout [UInt8]) throws(FederatedError)

  /// What every rank has, in the order of ranks, at rank 0; nothing elsewhere.
  func gather(_ bytes: [UInt8]) throws(FederatedError) -> [[UInt8]]

  /// Tells the other ranks, where they can be told, that this one will not take part any more.
  func abandon()
}

extension Collective {
  /// Nothing: a process that ends is noticed by what started it.
  public func abandon() {}

  /// What every rank has, in the order of ranks, at every rank.
  func gatherEverywhere(_ bytes: [UInt8]) throws(FederatedError) -> [[UInt8]] {
    guard size > 1 else { return [bytes] }
    let parts = try gather(bytes)
    var all = Words.bytes(parts.map { Int64($0.count) }) + parts.joined()
    try broadcast(&all)
    var start = 8 * size
    guard all.count >= start else { throw .ranksDisagree }
    var result: [[UInt8]] = []
    for length in Words.words(all[..<start], as: Int64.self) {
      guard let end = Int(exactly: length).map({ start + $0 }), end >= start, end <= all.count else {
        throw .ranksDisagree
      }
      result.append(Array(all[start..<end]))
      start = end
    }
    return result
  }

  /// Whether this rank writes, charges and speaks.
  var leads: Bool { rank == 0 }
}

/// One process by itself: nothing is exchanged.
public struct LocalCollective: Collective {
  /// A single rank.
  public init() {}

  /// 0.
  public var rank: Int { 0 }
  /// 1.
  public var size: Int { 1 }

  /// Leaves everything as it is.
  public func sum(_ words: inout [Int64]) {}

  /// Leaves everything as it is.
  public func broadcast(_ bytes: inout [UInt8]) {}

  /// What this process has.
  public func gather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
}

extension FederatedError {
  static var anotherFailed: FederatedError { FederatedError(.collective, "ranks", "another rank failed") }

  static var ranksDisagree: FederatedError {
    FederatedError(.collective, "ranks", "differ in configuration, data or version, or took different steps")
  }
}
