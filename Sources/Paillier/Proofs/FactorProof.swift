import BigNumber
import SecureRandom

extension PaillierPrivateKey {
  /// Proves that the modulus has no small factor: Π_fac of Canetti, Gennaro, Goldfeder, Makriyannis and Peled (2021,
  /// figure 28), by hashing.
  ///
  /// What is convinced is one verifier, whose ring-Pedersen parameters it takes; check their proof first. Together with
  /// ``proveModulus(context:)`` it keeps out keys made to leak (CVE-2023-33241).
  ///
  /// - Parameter context: What the proof is bound to; name the verifier in it.
  /// - Throws: ``PaillierError``: `keyShape` when the parameters' modulus shares a factor with the key's.
  public borrowing func proveFactors(
    for parameters: RingPedersenParameters, context: String
  ) throws(PaillierError) -> PaillierProof {
    guard !parameters.sharesModulus(with: publicKey) else {
      throw PaillierError(.keyShape, "parameters", "one modulus must not serve two purposes")
    }
    let key = publicKey
    let numbers = core.p.withValue { p in
      core.q.withValue { q in
        FactorProof.answers(SignedNatural(p.copy()), SignedNatural(q.copy()), key, parameters, context)
      }
    }
    guard let numbers else { throw PaillierError(.keyShape, "parameters", "the parameters are no units") }
    return PaillierProof(.factors, numbers)
  }
}

extension PaillierPublicKey {
  /// Checks ``PaillierPrivateKey/proveFactors(for:context:)`` for this key, this verifier's parameters and this context.
  ///
  /// Accepting means that both factors exceed about 2^(|n|/2 - 768): for 2048 bits about 2²⁵⁶.
  public func verifyFactors(
    _ proof: PaillierProof, parameters: RingPedersenParameters, context: String
  ) -> ProofVerdict {
    guard !parameters.sharesModulus(with: self) else { return .refused }
    return FactorProof.isValid(proof, self, parameters, context) ? .accepted : .refused
  }
}

/// Π_fac: commitments P, Q to the factors, A, B, T to masks, and σ; answers z₁, z₂, w₁, w₂, v.
private enum FactorProof {
  static func answers(
    _ p: borrowing SignedNatural, _ q: borrowing SignedNatural, _ key: PaillierPublicKey,
    _ parameters: RingPedersenParameters, _ context: String
  ) -> [[UInt8]]? {
    var generator = SecureGenerator()
    let n = key.core.modulus.copy()
    let hat = parameters.modulus
    let root = n.squareRoot() + 1
    let (l, le) = (ProofSizes.challengeBits, ProofSizes.challengeBits + ProofSizes.slackBits)
    let alpha = SignedNatural.random(within: root.shiftedLeft(by: le), using: &generator)
    let beta = SignedNatural.random(within: root.shiftedLeft(by: le), using: &generator)
    let mu = SignedNatural.random(within: hat.shiftedLeft(by: l), using: &generator)
    let nu = SignedNatural.random(within: hat.shiftedLeft(by: l), using: &generator)
    let sigma = SignedNatural.random(within: (n * hat).shiftedLeft(by: l), using: &generator)
    let r = SignedNatural.random(within: (n * hat).shiftedLeft(by: le), using: &generator)
    let x = SignedNatural.random(within: hat.shiftedLeft(by: le), using: &generator)
    let y = SignedNatural.random(within: hat.shiftedLeft(by: le), using: &generator)
    let zero = SignedNatural(Natural())
    guard let first = parameters.commit(p, mu), let second = parameters.commit(q, nu),
      let a = parameters.commit(alpha, x), let b = parameters.commit(beta, y),
      let t = RingPedersenParameters.product(
        second.power(alpha, modulo: hat, isSecret: true), parameters.commit(zero, r), hat)
    else { return nil }
    let commitments = [
      first.proofBytes(), second.proofBytes(), a.proofBytes(), b.proofBytes(), t.proofBytes(), sigma.bytes(),
    ]
    let e = challenge(commitments, key, parameters, context)
    let z1 = alpha + e * p
    let z2 = beta + e * q
    let w1 = x + e * mu
    let w2 = y + e * nu
    let v = r + e * (sigma - nu * p)
    return commitments + [z1.bytes(), z2.bytes(), w1.bytes(), w2.bytes(), v.bytes()]
  }

  static func isValid(
    _ proof: PaillierProof, _ key: PaillierPublicKey, _ parameters: RingPedersenParameters, _ context: String
  ) -> Bool {
    let n = key.core.modulus.copy()
    let hat = parameters.modulus
    let le = ProofSizes.challengeBits + ProofSizes.slackBits
    // One bit more than the masks' range, so that honest proofs always pass.
    let bound = (n.squareRoot() + 1).shiftedLeft(by: le + 1)
    let wide = (n * hat).bitWidth + le + ProofSizes.challengeBits
    guard let fields = proof.fields(.factors, count: 11), let p = fields.unit(0, modulo: hat),
      let q = fields.unit(1, modulo: hat), let a = fields.unit(2, modulo: hat), let b = fields.unit(3, modulo: hat),
      let t = fields.unit(4, modulo: hat), let sigma = fields.signed(5), let z1 = fields.signed(6),
      let z2 = fields.signed(7), let w1 = fields.signed(8), let w2 = fields.signed(9), let v = fields.signed(10)
    else { return false }
    guard z1.magnitude <= bound, z2.magnitude <= bound, sigma.magnitude.bitWidth <= wide,
      w1.magnitude.bitWidth <= wide, w2.magnitude.bitWidth <= wide, v.magnitude.bitWidth <= wide
    else { return false }
    let e = challenge(Array(proof.numbers[..<6]), key, parameters, context)
    let zero = SignedNatural(Natural())
    let whole = SignedNatural(n.copy())
    guard let left1 = parameters.open(z1, w1),
      let right1 = RingPedersenParameters.product(a.copy(), p.power(e, modulo: hat), hat),
      let left2 = parameters.open(z2, w2),
      let right2 = RingPedersenParameters.product(b.copy(), q.power(e, modulo: hat), hat),
      let left3 = RingPedersenParameters.product(q.power(z1, modulo: hat), parameters.open(zero, v), hat),
      let committed = parameters.open(whole, sigma),
      let right3 = RingPedersenParameters.product(t.copy(), committed.power(e, modulo: hat), hat)
    else { return false }
    return left1 == right1 && left2 == right2 && left3 == right3
  }

  private static func challenge(
    _ commitments: [[UInt8]], _ key: PaillierPublicKey, _ parameters: RingPedersenParameters, _ context: String
  ) -> SignedNatural {
    var transcript = Transcript(.factors, context: context)
    transcript.absorb(key)
    transcript.absorb(parameters)
    for commitment in commitments { transcript.absorb(commitment) }
    return transcript.signedChallenge()
  }
}
