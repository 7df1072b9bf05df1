import Foundation

/// Ranks that are threads of one process.
///
/// The same program as on a cluster, without one: for tests, and to see what a number of ranks would do.
package final class ThreadCollective: Collective, Sendable {
  package let rank: Int
  package var size: Int { exchange.size }
  private let exchange: Exchange

  private init(_ rank: Int, _ exchange: Exchange) {
    self.rank = rank
    self.exchange = exchange
  }

  /// Runs the body once on every rank, each on a thread of its own.
  ///
  /// - Returns: the results in the order of ranks.
  /// - Throws: the error of the rank that failed first.
  package static func run<Result: Sendable>(
    ranks: Int, _ body: @escaping @Sendable (ThreadCollective) throws -> Result
  ) throws -> [Result] {
    let exchange = Exchange(size: ranks)
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome<Result>()
    for rank in 0..<ranks {
      let thread = Thread {
        let own = ThreadCollective(rank, exchange)
        do {
          outcome.put(try body(own), rank)
        } catch {
          outcome.fail(error)
          own.abandon()
        }
        done.signal()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    for _ in 0..<ranks { done.wait() }
    return try outcome.results()
  }

  package func sum(_ words: inout [Int64]) throws(FederatedError) {
    for (other, item) in try exchange.trade(.words(words), rank).enumerated() where other != rank {
      guard case .words(let theirs) = item, theirs.count == words.count else { throw .ranksDisagree }
      ClientWorker.add(theirs, to: &words)
    }
  }

  package func broadcast(_ bytes: inout [UInt8]) throws(FederatedError) {
    guard case .bytes(let first) = try exchange.trade(.bytes(rank == 0 ? bytes : []), rank)[0] else {
      throw .ranksDisagree
    }
    bytes = first
  }

  package func gather(_ bytes: [UInt8]) throws(FederatedError) -> [[UInt8]] {
    var all: [[UInt8]] = []
    for item in try exchange.trade(.bytes(bytes), rank) {
      guard case .bytes(let theirs) = item else { throw .ranksDisagree }
      if rank == 0 { all.append(theirs) }
    }
    return all
  }

  package func abandon() { exchange.abandon() }

  /// What threads leave for each other.
  private enum Item: Sendable {
    case words([Int64])
    case bytes([UInt8])
  }

  /// A place where every rank leaves something and takes what all have left.
  private final class Exchange: @unchecked Sendable {
    let size: Int
    // Everything below is read and written under the condition's lock.
    private let condition = NSCondition()
    private var left: [Item?]
    private var taken: [Item] = []
    private var arrived = 0
    private var turn = 0
    private var isAbandoned = false

    init(size: Int) {
      self.size = size
      left = Array(repeating: nil, count: size)
    }

    func trade(_ item: Item, _ rank: Int) throws(FederatedError) -> [Item] {
      condition.lock()
      defer { condition.unlock() }
      left[rank] = item
      arrived += 1
      if arrived == size {
        taken = left.compactMap { $0 }
        arrived = 0
        turn += 1
        condition.broadcast()
        return taken
      }
      let mine = turn
      while turn == mine, !isAbandoned { condition.wait() }
      guard turn != mine else { throw .abandoned }
      return taken
    }

    func abandon() {
      condition.lock()
      isAbandoned = true
      condition.broadcast()
      condition.unlock()
    }
  }

  /// The results of ranks, or the first error.
  private final class Outcome<Result: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var found: [Int: Result] = [:]
    private var error: (any Error)?

    func put(_ result: Result, _ rank: Int) { lock.withLock { found[rank] = result } }

    /// Keeps the first error, and the cause rather than what other ranks noticed of it.
    func fail(_ error: any Error) {
      lock.withLock {
        if self.error == nil || self.error as? FederatedError == .abandoned { self.error = error }
      }
    }

    func results() throws -> [Result] {
      if let error { throw error }
      return found.sorted { $0.key < $1.key }.map(\.value)
    }
  }
}

extension FederatedError {
  fileprivate static var abandoned: FederatedError {
    FederatedError(.collective, "ranks", "another rank failed")
  }
}
