/// Who shares masks with whom.
///
/// In the complete graph everybody does (Bonawitz et al. 2017). In a ring lattice every client does with the `k`
/// nearest on a circle on which the clients stand in random order, half of them on each side: a Harary graph of
/// connectivity k (Bell et al. 2020, section 3). The order is a function of a public seed and of the cohort, so every
/// client computes its neighbours itself and nobody has to believe the server about them.
///
/// The seed must be drawn after the cohort is fixed and by nobody who profits: a public beacon, or a coin that the
/// clients toss together. Whoever picks the seed can try orders until corrupt clients surround an honest one.
public struct MaskGraph: Sendable, Hashable {
  /// The form of a graph.
  public enum Form: Sendable, Hashable {
    /// Everybody with everybody.
    case complete
    /// The nearest `neighbours`, an even number, on a circle ordered by `seed`.
    case ring(neighbours: Int, seed: [UInt8])
  }

  /// The form.
  public let form: Form
  /// How many neighbours everybody has.
  public let degree: Int
  /// Positions in the enrollment, by place on the circle; empty for the complete graph.
  private let circle: [Int]
  private let places: [Int]
  private let count: Int

  /// A graph over a cohort.
  ///
  /// - Throws: ``AggregationError`` with code `shape` for fewer than two clients; an odd number of neighbours, fewer than
  ///   two, or as many as there are clients; or a seed that is not 32 bytes.
  public init(_ form: Form, over cohort: Enrollment) throws(AggregationError) {
    let count = cohort.clients.count
    guard count >= 2 else { throw AggregationError(.shape, "cohort", "must have at least two clients") }
    self.form = form
    self.count = count
    switch form {
    case .complete:
      degree = count - 1
      circle = []
      places = []
    case .ring(let neighbours, let seed):
      guard neighbours >= 2, neighbours % 2 == 0, neighbours < count else {
        throw AggregationError(.shape, "neighbours", "must be an even number from 2 to the cohort less one")
      }
      guard seed.count == 32 else { throw AggregationError(.shape, "seed", "must be 32 bytes") }
      degree = neighbours
      let cohortDigest = Digest.of("cohort", cohort.encoded)
      // Sorting by independent hashes is a uniform order in the random oracle model.
      let keyed = cohort.clients.indices.map { position in
        (Digest.of("circle", seed, cohortDigest, cohort.clients[position].publicKey), position)
      }
      circle = keyed.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
      var places = [Int](repeating: 0, count: count)
      for (place, position) in circle.enumerated() { places[position] = place }
      self.places = places
    }
  }

  /// The neighbours of a position, increasing.
  public func neighbours(of position: Int) -> [Int] {
    guard case .ring(let neighbours, _) = form else {
      return (0..<count).filter { $0 != position }
    }
    let place = places[position]
    var near: [Int] = []
    for step in 1...neighbours / 2 {
      near.append(circle[(place + step) % count])
      near.append(circle[(place + count - step) % count])
    }
    return near.sorted()
  }
}
