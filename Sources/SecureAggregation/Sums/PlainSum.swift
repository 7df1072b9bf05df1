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
    return server.sum.map { shape.centred(shape.residue($0)) }
  }

  /// Values in the clear, with their sender and round.
  ///
  /// Additions wrap modulo 2^64, of which the ring's modulus is a divisor, so the reduction waits for the sum.
  public struct Contribution: Sendable {
    let client: Int
    let round: Int
    let values: [Int64]
  }

  /// The client's side: a check of the length.
  public struct Client: SecureSumClient {
    let shape: SumShape

    /// Takes the values as they are.
    public mutating func protect(
      _ values: [Int64], client: Int, round: Int
    ) throws(AggregationError) -> Contribution {
      try shape.check(values)
      return Contribution(client: client, round: round, values: values)
    }

    /// Packed residues modulo 2^ringBits, rounded up to whole bytes.
    public func wireBytes(_ contribution: Contribution) -> Int { (shape.count * shape.ringBits + 7) / 8 }
  }

  /// The server's side: wrapping addition.
  public struct Server: SecureSumServer {
    let shape: SumShape
    var roll: Roll
    var sum: [Int64]

    init(shape: SumShape, round: Int) {
      self.shape = shape
      roll = Roll(round: round, maximum: shape.maximumContributors)
      sum = [Int64](repeating: 0, count: shape.count)
    }

    /// Adds one client's values.
    public mutating func add(_ contribution: Contribution) throws(AggregationError) {
      guard contribution.values.count == shape.count else {
        throw AggregationError(.malformed, "client \(contribution.client)", "must send \(shape.count) values")
      }
      try roll.admit(contribution.client, round: contribution.round)
      accumulate(contribution.values)
    }

    /// Adds another running sum.
    public mutating func merge(_ other: Server) throws(AggregationError) {
      guard other.shape == shape else {
        throw AggregationError(.foreign, "round \(roll.round)", "partial sums differ in shape")
      }
      try roll.merge(other.roll)
      accumulate(other.sum)
    }

    private mutating func accumulate(_ values: [Int64]) {
      let values = values.span
      var total = sum.mutableSpan
      for index in values.indices { total[index] &+= values[index] }
    }

    /// Who contributed, in increasing order.
    public var contributors: [Int] { roll.clients.sorted() }
  }
}
