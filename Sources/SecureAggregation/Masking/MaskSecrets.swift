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
    return MaskStream(try agree(own, peer.maskKey, peer.client, plan.digest, info))
  }

  /// The stream of a client's self-seed.
  static func selfStream(_ seed: [UInt8], _ plan: MaskPlan, client: Int) -> MaskStream {
    MaskStream(
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: SymmetricKey(data: seed), salt: plan.digest,
        info: Array("self mask".utf8) + bytes(of: client), outputByteCount: 32))
  }

  /// The key of the one box that `sender` seals for `receiver` in a round.
  static func boxKey(
    _ own: Curve25519.KeyAgreement.PrivateKey, _ plan: MaskPlan, sender: KeyAdvertisement, receiver: KeyAdvertisement,
    peer: KeyAdvertisement
  ) throws(AggregationError) -> SymmetricKey {
    let info =
      Array("share box".utf8) + bytes(of: sender.client) + bytes(of: receiver.client) + sender.shareKey
      + receiver.shareKey + sender.maskKey + receiver.maskKey
    return try agree(own, peer.shareKey, peer.client, plan.digest, info)
  }

  private static func agree(
    _ own: Curve25519.KeyAgreement.PrivateKey, _ peer: [UInt8], _ client: Int, _ salt: [UInt8], _ info: [UInt8]
  ) throws(AggregationError) -> SymmetricKey {
    guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: peer),
      let secret = try? own.sharedSecretFromKeyAgreement(with: key)
    else { throw AggregationError(.malformed, "client \(client)", "advertised a key of small order") }
    return secret.hkdfDerivedSymmetricKey(using: SHA256.self, salt: salt, sharedInfo: info, outputByteCount: 32)
  }
}
