/// A running sum of masked inputs: all that the server learns from the third phase.
///
/// Partial totals over different clients can be formed on several threads and merged.
public struct MaskedTotal: Sendable {
  /// The round.
  public let plan: MaskPlan
  /// Who may contribute: the clients whose shares were delivered.
  let members: Set<Int>
  private(set) var roll: Roll
  private(set) var sum: RingVector

  init(_ plan: MaskPlan, members: Set<Int>) {
    self.plan = plan
    self.members = members
    roll = Roll(round: plan.round, maximum: plan.shape.maximumContributors)
    sum = RingVector(plan.shape)
  }

  /// Who contributed, in increasing order.
  public var contributors: [Int] { roll.clients.sorted() }

  /// Adds one client's input.
  ///
  /// - Throws: ``AggregationError``: `foreign` for a client that is not enrolled or dealt no shares; `forged`; `malformed`
  ///   for a payload of another length; `duplicate`. The total is then unchanged.
  public mutating func add(_ input: MaskedInput) throws(AggregationError) {
    try plan.cohort.verify(
      input.signature, of: MaskedInput.statement(plan, input.client, input.payload), by: input.client)
    guard members.contains(input.client) else {
      throw AggregationError(.foreign, "client \(input.client)", "dealt no shares in this round")
    }
    guard let vector = RingVector(packed: input.payload, plan.shape) else {
      throw AggregationError(.malformed, "client \(input.client)", "sent a vector of another shape")
    }
    try roll.admit(input.client, round: plan.round)
    sum.add(vector)
  }

  /// Adds another total of the same round over other clients.
  public mutating func merge(_ other: MaskedTotal) throws(AggregationError) {
    guard other.plan == plan else {
      throw AggregationError(.foreign, "round \(other.plan.round)", "is not the same round")
    }
    try roll.merge(other.roll)
    sum.add(other.sum)
  }
}
