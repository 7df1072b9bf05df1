import Synchronization

/// One round of summing integer vectors over clients, in three roles.
///
/// - The **client** side turns a vector into a protected contribution.
/// - The **server** side adds contributions and sees nothing else.
/// - The **opener** reveals the sum, and refuses when too few took part.
///
/// A protocol object holds what all roles may know of a set-up; secrets live with the role that owns them.
public protocol SecureSum: ~Copyable {
  /// The client's side: made once a thread and reused, for protection may need costly tables.
  associatedtype Client: SecureSumClient
  /// The server's side: a running sum.
  associatedtype Server: SecureSumServer where Server.Contribution == Client.Contribution

  /// What is summed.
  var shape: SumShape { get }

  /// Prepares a round for a cohort, before anybody protects anything: keys are exchanged where a protocol needs it.
  ///
  /// Protocols without such phases do nothing.
  mutating func begin(round: Int, cohort: [Int]) throws

  /// What the phases of all rounds so far took, in their order.
  var phases: [PhaseCost] { get }

  /// A client's side.
  func makeClient() throws -> Client

  /// An empty running sum of a round.
  func makeServer(round: Int) throws -> Server

  /// The sum of all contributions, in the order of coordinates.
  ///
  /// - Throws: ``AggregationError`` when fewer clients than the minimum took part or the round was opened before.
  mutating func open(_ server: Server) throws -> [Int64]
}

extension SecureSum where Self: ~Copyable {
  /// Nothing.
  public mutating func begin(round: Int, cohort: [Int]) throws {}

  /// Nothing measured.
  public var phases: [PhaseCost] { [] }
}

/// Bytes on the wire and time of one phase of a protocol, over all parties and rounds.
public struct PhaseCost: Sendable, Hashable {
  /// The phase's name.
  public let name: String
  /// Bytes that clients sent.
  public var uploadBytes = 0
  /// Bytes that clients received.
  public var downloadBytes = 0
  /// Seconds of all parties together, as if one after the other.
  public var seconds = 0.0

  /// A phase of a name.
  public init(_ name: String) { self.name = name }
}

/// What phases cost so far, added to by several threads.
final class PhaseMeter: Sendable {
  private let costs: Mutex<[PhaseCost]>

  init(_ names: String...) { costs = Mutex(names.map { PhaseCost($0) }) }

  var phases: [PhaseCost] { costs.withLock { $0 } }

  /// Runs a step of a phase on the clock; `bytes` says what it sent up and down.
  func measure<Result>(
    _ phase: Int, _ body: () throws -> Result, bytes: (Result) -> (up: Int, down: Int) = { _ in (0, 0) }
  ) rethrows -> Result {
    let clock = ContinuousClock()
    let began = clock.now
    let result = try body()
    let seconds = (clock.now - began).seconds
    let (up, down) = bytes(result)
    costs.withLock { costs in
      costs[phase].seconds += seconds
      costs[phase].uploadBytes += up
      costs[phase].downloadBytes += down
    }
    return result
  }
}

/// The client's side of a ``SecureSum``.
public protocol SecureSumClient {
  /// What a client sends.
  associatedtype Contribution: Sendable

  /// Reduces the values modulo 2^ringBits and protects them for one round.
  mutating func protect(_ values: [Int64], client: Int, round: Int) throws -> Contribution

  /// The size of a contribution on the wire.
  func wireBytes(_ contribution: Contribution) -> Int
}

/// The server's side of a ``SecureSum``.
public protocol SecureSumServer: Sendable {
  /// What a client sends.
  associatedtype Contribution: Sendable

  /// Adds one client's contribution.
  ///
  /// - Throws: ``AggregationError`` for a duplicate, a foreign or a malformed contribution; the sum is then unchanged.
  mutating func add(_ contribution: Contribution) throws

  /// Adds another running sum of the same round over other clients.
  ///
  /// - Throws: ``AggregationError`` when the rounds differ or a client is in both.
  mutating func merge(_ other: Self) throws

  /// Who contributed, in increasing order.
  var contributors: [Int] { get }
}

/// The roll of a round: who contributed, each at most once.
struct Roll: Sendable {
  let round: Int
  let maximum: Int
  private(set) var clients: Set<Int> = []

  mutating func admit(_ client: Int, round: Int) throws(AggregationError) {
    guard round == self.round else {
      throw AggregationError(.foreign, "client \(client)", "sent a contribution to round \(round), not \(self.round)")
    }
    guard client >= 0 else { throw AggregationError(.foreign, "client \(client)", "has no such number") }
    guard !clients.contains(client) else {
      throw AggregationError(.duplicate, "client \(client)", "contributed twice to round \(round)")
    }
    guard clients.count < maximum else {
      throw AggregationError(.tooMany, "round \(round)", "has its most contributors, \(maximum), already")
    }
    clients.insert(client)
  }

  mutating func merge(_ other: Roll) throws(AggregationError) {
    guard other.round == round else {
      throw AggregationError(.foreign, "round \(other.round)", "cannot be merged into round \(round)")
    }
    guard clients.isDisjoint(with: other.clients) else {
      throw AggregationError(.duplicate, "round \(round)", "has a client in two partial sums")
    }
    guard clients.count + other.clients.count <= maximum else {
      throw AggregationError(.tooMany, "round \(round)", "has more than its most contributors, \(maximum)")
    }
    clients.formUnion(other.clients)
  }
}
