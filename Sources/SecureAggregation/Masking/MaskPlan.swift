/// The public parameters of one round of masked summation, the same for every party.
///
/// Its ``digest`` goes into every key that is derived and every statement that is signed, so nothing of one round, one
/// cohort or one model can be used in another.
public struct MaskPlan: Sendable, Hashable {
  /// What is summed; its minimum is the promise that fewer survivors are never unmasked.
  public let shape: SumShape
  /// The round's number.
  public let round: Int
  /// Who may take part.
  public let cohort: Enrollment
  /// Who shares masks with whom.
  public let graph: MaskGraph
  /// How many shares open a seed.
  public let threshold: Int
  /// What the round is about, such as the hash of the model that all clients trained from.
  public let context: [UInt8]
  /// SHA-256 of all of the above.
  public let digest: [UInt8]

  /// Checks the parameters.
  ///
  /// - Parameter threshold: More than half of the neighbours, or more when clients may be corrupt: see ``MaskRule``.
  /// - Throws: ``AggregationError`` with code `shape` naming the parameter.
  public init(
    _ shape: SumShape, round: Int, cohort: Enrollment, graph: MaskGraph.Form = .complete, threshold: Int,
    context: [UInt8] = []
  ) throws(AggregationError) {
    let laid = try MaskGraph(graph, over: cohort)
    guard cohort.clients.count <= shape.maximumContributors else {
      throw AggregationError(.tooMany, "cohort", "is larger than the sum's most contributors")
    }
    guard cohort.clients.count >= shape.minimumContributors else {
      throw AggregationError(.tooFew, "cohort", "is smaller than the sum's fewest contributors")
    }
    // With half or fewer, both seeds of a client could be opened between the holders.
    guard 2 * threshold > laid.degree, threshold <= laid.degree else {
      throw AggregationError(.shape, "threshold", "must be more than half of the neighbours and at most all")
    }
    self.shape = shape
    self.round = round
    self.cohort = cohort
    self.graph = laid
    self.threshold = threshold
    self.context = context
    var writer = WireWriter(.plan)
    for value in [
      shape.count, shape.ringBits, shape.maximumContributors, shape.minimumContributors, round, threshold, laid.degree,
    ] { writer.add(value) }
    var seed: [UInt8] = []
    if case .ring(_, let own) = graph { seed = own }
    digest = Digest.of("plan", writer.bytes, seed, cohort.encoded, context)
  }

  /// The neighbours of a client, by number.
  func neighbours(of client: Int) throws(AggregationError) -> [Int] {
    guard let position = cohort.position(of: client) else {
      throw AggregationError(.foreign, "client \(client)", "is not enrolled in this round")
    }
    return graph.neighbours(of: position).map { cohort.clients[$0].client }
  }
}
