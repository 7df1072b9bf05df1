import Crypto

/// The keys that two clients derive from each other's public ones.
enum MaskSecrets {
  /// The stream of a pair: the same for both, bound to the plan and to both advertised keys.
  static func pairStream(
    _ own: Curve25519.KeyAgreement.PrivateKey, _ plan: MaskPlan, _ a: KeyAdvertisement, _ b: KeyAdvertisement,
    peer: KeyAdvertisement
  ) throws(AggregationError) -> MaskStream {
    let (low, high) = a.client < b.client ? (a, b) : (b, a)
    let info = Array("pair mask".utf8) + bytes(of: low.client) + bytes(of: high.client) + low.maskKey + high.maskKey
    return MaskStream(derive(try agree(own, peer.maskKey, peer.client), plan, info))
  }

  /// The stream of a client's self-seed.
  static func selfStream(_ seed: [UInt8], _ plan: MaskPlan, client: Int) -> MaskStream {
    MaskStream(
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: SymmetricKey(data: seed), salt: plan.digest,
        info: Array("self mask".utf8) + bytes(of: client), outputByteCount: 32))
  }

  /// What two clients' keys for boxes agree on: one secret for both directions.
  static func boxSecret(
    _ own: Curve25519.KeyAgreement.PrivateKey, peer: KeyAdvertisement
  ) throws(AggregationError) -> SharedSecret {
    try agree(own, peer.shareKey, peer.client)
  }

  /// The key of the one box that `sender` seals for `receiver` in a round.
  static func boxKey(
    _ secret: SharedSecret, _ plan: MaskPlan, sender: KeyAdvertisement, receiver: KeyAdvertisement
  ) -> SymmetricKey {
    let info =
      Array("share box".utf8) + bytes(of: sender.client) + bytes(of: receiver.client) + sender.shareKey
      + receiver.shareKey + sender.maskKey + receiver.maskKey
    return derive(secret, plan, info)
  }

  private static func agree(
    _ own: Curve25519.KeyAgreement.PrivateKey, _ peer: [UInt8], _ client: Int
  ) throws(AggregationError) -> SharedSecret {
    guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: peer),
      let secret = try? own.sharedSecretFromKeyAgreement(with: key)
    else { throw AggregationError(.malformed, "client \(client)", "advertised a key of small order") }
    return secret
  }

  private static func derive(_ secret: SharedSecret, _ plan: MaskPlan, _ info: [UInt8]) -> SymmetricKey {
    secret.hkdfDerivedSymmetricKey(using: SHA256.self, salt: plan.digest, sharedInfo: info, outputByteCount: 32)
  }
}
