/// A sum without any protection: the server sees every contribution.
///
/// For simulations, tests and teaching. It follows the same ring, limits and refusals as the protocols that protect,
/// so that their results can be compared bit for bit.
public struct PlainSum: SecureSum, Sendable {
  /// What is summed.
  public let shape: SumShape
  private var opened: Set<Int> = []

  /// A plain sum of the given shape.
  public init(insecurelyShaped shape: SumShape) {
    self.shape = shape
  }

  /// A client's side.
  public func makeClient() -> Client { Client(shape: shape) }

  /// An empty running sum of a round.
  public func makeServer(round: Int) -> Server { Server(shape: shape, round: round) }

  /// The sum, by the same rules as a protected one.
  public mutating func open(_ server: Server) throws(AggregationError) -> [Int64] {
    guard server.roll.clients.count >= shape.minimumContributors else {
      throw AggregationError(
        .tooFew, "round \(server.roll.round)",
        "has \(server.roll.clients.count) contributors, needs \(shape.minimumContributors)")
    }
    guard opened.insert(server.roll.round).inserted else {
      throw AggregationError(.replayed, "round \(server.roll.round)", "was opened before")
    }
    return server.sum.map { shape.centred($0 & shape.mask) }
  }

  /// Reduced values in the clear, with their sender and round.
  public struct Contribution: Sendable {
    let client: Int
    let round: Int
    let residues: [UInt64]
  }

  /// The client's side: reduction only.
  public struct Client: SecureSumClient {
    let shape: SumShape

    /// Reduces the values modulo 2^ringBits.
    public mutating func protect(
      _ values: [Int64], client: Int, round: Int
    ) throws(AggregationError) -> Contribution {
      try shape.check(values)
      return Contribution(client: client, round: round, residues: values.map(shape.residue))
    }

    /// Packed residues, rounded up to whole bytes.
    public func wireBytes(_ contribution: Contribution) -> Int { (shape.count * shape.ringBits + 7) / 8 }
  }

  /// The server's side: wrapping addition.
  public struct Server: SecureSumServer {
    let shape: SumShape
    var roll: Roll
    var sum: [UInt64]

    init(shape: SumShape, round: Int) {
      self.shape = shape
      roll = Roll(round: round, maximum: shape.maximumContributors)
      sum = [UInt64](repeating: 0, count: shape.count)
    }

    /// Adds one client's residues.
    public mutating func add(_ contribution: Contribution) throws(AggregationError) {
      guard contribution.residues.count == shape.count else {
        throw AggregationError(.malformed, "client \(contribution.client)", "must send \(shape.count) values")
      }
      try roll.admit(contribution.client, round: contribution.round)
      for index in sum.indices { sum[index] &+= contribution.residues[index] }
    }

    /// Adds another running sum.
    public mutating func merge(_ other: Server) throws(AggregationError) {
      guard other.shape == shape else {
        throw AggregationError(.foreign, "round \(roll.round)", "partial sums differ in shape")
      }
      try roll.merge(other.roll)
      for index in sum.indices { sum[index] &+= other.sum[index] }
    }

    /// Who contributed, in increasing order.
    public var contributors: [Int] { roll.clients.sorted() }
  }
}
