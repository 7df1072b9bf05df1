private import Glibc

/// How many neighbours and shares a round needs, and what it promises with them.
///
/// Let every client have k neighbours, of whom any t can open its shares, and let γn clients be corrupt and δn drop
/// out, both fixed before the circle's order is drawn. In a ring lattice three things must hold.
///
/// - **Nothing opens too early**: t > k/2 + c, where c bounds the corrupt neighbours of anybody. Two things follow. A
///   client's self-seed and mask key need t shares each and every honest holder gives only one of them, so both would
///   need 2t ≤ k + c. And the clients that are summed stay connected by masks whatever set of survivors a lying server
///   announces: a separate part would end in a client with k/2 neighbours missing on one side, and the k/2 on the other
///   with c corrupt ones are fewer than t.
/// - **Everything opens in the end**: nobody loses more than k − t neighbours.
/// - c holds except with probability 2^−σ, the loss bound except with 2^−η, by a union bound over clients of the
///   hypergeometric tail (the neighbours of a client are a uniform subset of the others).
///
/// The derivation is in <doc:NeighboursAndThresholds>. Its structure is that of Bell et al. (2020); they draw the graph
/// so that it stays connected with high probability, here the threshold above k/2 makes it so always, at the price of
/// more neighbours when clients are corrupt. For the complete graph c is γn itself, no order is drawn, and
/// t > (k + c)/2 suffices, the 2n/3 of Bonawitz et al. (2017) at γ = 1/3.
public struct MaskRule: Sendable, Hashable {
  /// Neighbours of every client.
  public let neighbours: Int
  /// Shares that open a seed.
  public let threshold: Int
  /// The most corrupt neighbours of a client that the promise allows.
  public let corruptNeighbours: Int
  /// The most neighbours a client can lose.
  public let lostNeighbours: Int

  /// Whether signatures of t neighbours also make all clients of a ring agree on one set of survivors: neighbourhoods
  /// of summed clients next to each other on the circle, at most k/2 apart, then share an honest signer.
  public var agreesGlobally: Bool { 2 * (threshold - corruptNeighbours) > neighbours + neighbours / 2 + 1 }

  /// The fewest honest clients of a sum that a lying server can cut out on a ring whose rule does not
  /// ``agreesGlobally``; whoever agrees globally opens one sum, over all survivors.
  public var hiddenAmong: Int { 2 * threshold - neighbours - corruptNeighbours + 1 }

  /// The rule of a complete graph: every client shares with all others.
  ///
  /// - Parameters:
  ///   - clients: the cohort's size.
  ///   - corrupt: the most clients that work with the server.
  /// - Throws: ``AggregationError`` when no threshold is safe.
  public static func complete(clients: Int, corrupt: Int) throws(AggregationError) -> MaskRule {
    guard clients >= 2, corrupt >= 0 else { throw AggregationError(.shape, "clients", "must be at least 2") }
    let threshold = (clients - 1 + corrupt) / 2 + 1
    guard threshold <= clients - 1, corrupt < threshold else {
      throw AggregationError(.shape, "corrupt", "are too many for any threshold")
    }
    return MaskRule(
      neighbours: clients - 1, threshold: threshold, corruptNeighbours: corrupt,
      lostNeighbours: clients - 1 - threshold)
  }

  /// The fewest neighbours that keep both promises.
  ///
  /// - Parameters:
  ///   - clients: the cohort's size.
  ///   - corrupt: the most clients that work with the server.
  ///   - dropped: the most clients that drop out after their keys are known.
  ///   - security: σ, so that the first promise fails with probability at most 2^−σ.
  ///   - correctness: η, so that a round cannot be opened with probability at most 2^−η.
  ///   - global: asks for ``agreesGlobally`` as well.
  /// - Throws: ``AggregationError`` when no number of neighbours below the cohort keeps them.
  public static func ring(
    clients: Int, corrupt: Int, dropped: Int, security: Int = 40, correctness: Int = 20, global: Bool = false
  ) throws(AggregationError) -> MaskRule {
    guard clients >= 3, corrupt >= 0, dropped >= 0, corrupt + dropped < clients else {
      throw AggregationError(.shape, "clients", "must be at least 3 and more than are corrupt or drop out")
    }
    for neighbours in stride(from: 2, to: clients, by: 2) {
      if let rule = ring(neighbours, clients, corrupt, dropped, security, correctness, global) { return rule }
    }
    throw AggregationError(.shape, "neighbours", "no ring keeps these promises; use the complete graph")
  }

  /// The promises of a given number of neighbours, or an error when it keeps none.
  ///
  /// - Throws: ``AggregationError`` when `neighbours` are too few.
  public static func ring(
    neighbours: Int, clients: Int, corrupt: Int, dropped: Int, security: Int = 40, correctness: Int = 20,
    global: Bool = false
  ) throws(AggregationError) -> MaskRule {
    guard neighbours >= 2, neighbours % 2 == 0, neighbours < clients, corrupt >= 0, dropped >= 0,
      let rule = ring(neighbours, clients, corrupt, dropped, security, correctness, global)
    else { throw AggregationError(.shape, "neighbours", "\(neighbours) cannot keep the promises") }
    return rule
  }

  private static func ring(
    _ neighbours: Int, _ clients: Int, _ corrupt: Int, _ dropped: Int, _ security: Int, _ correctness: Int,
    _ global: Bool
  ) -> MaskRule? {
    let bad = largest(clients, corrupt, neighbours, security)
    let lost = largest(clients, dropped, neighbours, correctness)
    let threshold = (global ? neighbours * 3 / 4 + 1 : neighbours / 2) + bad + 1
    guard threshold + lost <= neighbours else { return nil }
    return MaskRule(
      neighbours: neighbours, threshold: threshold, corruptNeighbours: bad, lostNeighbours: neighbours - threshold)
  }

  /// The least c with n·P[more than c marked among k of the others] ≤ 2^−bits.
  private static func largest(_ clients: Int, _ marked: Int, _ neighbours: Int, _ bits: Int) -> Int {
    let most = min(marked, neighbours)
    // Summed from the top, so that small terms are not lost; the margin covers the rounding of the logarithms.
    let allowed = exp2(-Double(bits)) / Double(clients) * (1 - 1e-9)
    var tail = 0.0
    for hits in stride(from: most, through: 1, by: -1) {
      tail += hypergeometric(clients - 1, marked, neighbours, hits)
      if tail > allowed { return hits }
    }
    return 0
  }

  /// P[exactly `hits` of `marked` among `draws` of `population`].
  private static func hypergeometric(_ population: Int, _ marked: Int, _ draws: Int, _ hits: Int) -> Double {
    guard hits <= marked, draws - hits <= population - marked else { return 0 }
    return exp(
      logChoose(marked, hits) + logChoose(population - marked, draws - hits) - logChoose(population, draws))
  }

  private static func logChoose(_ n: Int, _ k: Int) -> Double {
    var sum = 0.0
    for index in 0..<min(k, n - k) { sum += log(Double(n - index) / Double(index + 1)) }
    return sum
  }
}
