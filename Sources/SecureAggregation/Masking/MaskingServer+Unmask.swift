private import Crypto

extension MaskingServer {
  /// Subtracts the survivors' own masks and what the dropped clients' pair masks left behind.
  func unmask(_ sum: inout RingVector) throws(AggregationError) {
    let alive = Set(survivors)
    var weights: [[Int]: [UInt64]] = [:]
    for client in survivors {
      var seed = try secret(of: client, &weights)
      defer { wipe(&seed) }
      guard Digest.of("self seed", plan.digest, bytes(of: client), seed) == bundles[client]?.seedCommitment else {
        throw AggregationError(.invalidShare, "client \(client)", "dealt shares of another seed than it committed to")
      }
      sum.apply(MaskSecrets.selfStream(seed, plan, client: client), subtracting: true)
    }
    for client in bundles.keys.sorted() where !alive.contains(client) {
      let around = try plan.neighbours(of: client).filter { alive.contains($0) }
      guard !around.isEmpty else { continue }
      guard let advertised = keys[client] else { continue }
      var raw = try secret(of: client, &weights)
      defer { wipe(&raw) }
      guard let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: raw),
        Array(key.publicKey.rawRepresentation) == advertised.maskKey
      else {
        throw AggregationError(.invalidShare, "client \(client)", "dealt shares of another key than it advertised")
      }
      for neighbour in around {
        guard let peer = keys[neighbour] else { continue }
        let stream = try MaskSecrets.pairStream(key, plan, advertised, peer, peer: peer)
        // The neighbour subtracted the mask of a lower number and added that of a higher one.
        sum.apply(stream, subtracting: neighbour < client)
      }
    }
  }

  /// Puts a client's secret together from the first shares of its holders.
  private func secret(of client: Int, _ weights: inout [[Int]: [UInt64]]) throws(AggregationError) -> [UInt8] {
    let shares = opened[client] ?? [:]
    guard shares.count >= plan.threshold else {
      throw AggregationError(
        .tooFew, "client \(client)", "has \(shares.count) open shares, \(plan.threshold) are needed: no sum")
    }
    let holders = Array(shares.keys.sorted().prefix(plan.threshold))
    let points = holders.map { (plan.cohort.position(of: $0) ?? 0) + 1 }
    let lagrange: [UInt64]
    if let known = weights[points] {
      lagrange = known
    } else {
      lagrange = SeedShares.lagrange(points.map(UInt64.init))
      weights[points] = lagrange
    }
    guard let secret = SeedShares.combine(holders.map { shares[$0] ?? [] }, weights: lagrange) else {
      throw AggregationError(.invalidShare, "client \(client)", "dealt shares that do not meet in a secret")
    }
    return secret
  }
}
