import BigNumber
import SecureRandom

extension PaillierPrivateKey {
  /// Proves that the modulus is a product of two primes that are 3 modulo 4 and coprime to φ(n): Π_mod of Canetti,
  /// Gennaro, Goldfeder, Makriyannis and Peled (2021, figure 16), by hashing.
  ///
  /// It excludes neither small factors nor a gcd(p - 1, q - 1) above 2; see ``proveFactors(for:context:)``.
  ///
  /// - Parameter context: What the proof is bound to, such as the parties' names and a session.
  /// - Throws: ``PaillierError`` with code `keyShape` for an imported key with a prime that is 1 modulo 4.
  public borrowing func proveModulus(context: String) throws(PaillierError) -> PaillierProof {
    var generator = SecureGenerator()
    let n = publicKey.core.modulus.copy()
    let key = publicKey
    let numbers = core.p.withValue { p in
      core.q.withValue { q in Self.modulusAnswers(n, p, q, key, context, using: &generator) }
    }
    guard let numbers else { throw PaillierError(.keyShape, "p", "the primes of the key are not 3 modulo 4") }
    return PaillierProof(.modulus, numbers)
  }

  /// w, and for each challenge y: a + 2b, x with x⁴ = (-1)^a·w^b·y, and z with z^n = y.
  private static func modulusAnswers(
    _ n: borrowing Natural, _ p: borrowing Natural, _ q: borrowing Natural, _ key: PaillierPublicKey,
    _ context: String, using generator: inout SecureGenerator
  ) -> [[UInt8]]? {
    guard p.lowWord & 3 == 3, q.lowWord & 3 == 3 else { return nil }
    let phi = (p - 1) * (q - 1)
    guard let root = n.inverse(modulo: phi) else { return nil }
    var w = Natural.random(below: n, using: &generator)
    while w.jacobiSymbol(over: n) != -1 { w = Natural.random(below: n, using: &generator) }
    let half = (phi + 4) / 8
    let fourth = (half * half) % phi
    let challenges = ModulusProof.transcript(n, key, w, context)
    var numbers = [w.proofBytes()]
    for round in 0..<ProofSizes.repetitions {
      let y = ModulusProof.challenge(challenges, round, n)
      for choice in 0..<4 {
        let candidate = ModulusProof.twisted(y, w, UInt(choice), n)
        guard candidate.jacobiSymbol(over: p) == 1, candidate.jacobiSymbol(over: q) == 1 else { continue }
        numbers.append(Natural(UInt(choice)).proofBytes())
        numbers.append(candidate.securePower(fourth, modulo: n).proofBytes())
        break
      }
      numbers.append(y.securePower(root, modulo: n).proofBytes())
    }
    return numbers
  }
}

extension PaillierPublicKey {
  /// Checks ``PaillierPrivateKey/proveModulus(context:)`` for this key and context.
  public func verifyModulus(_ proof: PaillierProof, context: String) -> ProofVerdict {
    let n = core.modulus.copy()
    let rounds = ProofSizes.repetitions
    guard let fields = proof.fields(.modulus, count: 1 + 3 * rounds), n.isOdd, !n.isProbablyPrime(),
      let w = fields.unit(0, modulo: n), w.jacobiSymbol(over: n) == -1
    else { return .refused }
    let challenges = ModulusProof.transcript(n, self, w, context)
    for round in 0..<rounds {
      let y = ModulusProof.challenge(challenges, round, n)
      guard let choice = fields.natural(1 + 3 * round), choice.bitWidth <= 2,
        let x = fields.unit(2 + 3 * round, modulo: n), let z = fields.unit(3 + 3 * round, modulo: n)
      else { return .refused }
      guard z.power(n, modulo: n) == y else { return .refused }
      let square = (x * x) % n
      guard (square * square) % n == ModulusProof.twisted(y, w, choice.lowWord, n) else { return .refused }
    }
    return .accepted
  }
}

/// What prover and verifier of Π_mod share.
private enum ModulusProof {
  static func transcript(
    _ n: borrowing Natural, _ key: PaillierPublicKey, _ w: borrowing Natural, _ context: String
  ) -> Transcript {
    var transcript = Transcript(.modulus, context: context)
    transcript.absorb(key)
    transcript.absorb(w)
    return transcript
  }

  /// Challenge number `round`: the first candidate that is a unit.
  static func challenge(_ transcript: Transcript, _ round: Int, _ n: borrowing Natural) -> Natural {
    var attempt = 0
    let one = Natural(1)
    while true {
      let y = transcript.residue(round + attempt * ProofSizes.repetitions, modulo: n)
      if Natural.greatestCommonDivisor(y, n) == one { return y }
      attempt += 1
    }
  }

  /// (-1)^a·w^b·y for choice = a + 2b.
  static func twisted(
    _ y: borrowing Natural, _ w: borrowing Natural, _ choice: UInt, _ n: borrowing Natural
  ) -> Natural {
    let scaled = choice & 2 == 0 ? y.copy() : (y * w) % n
    return choice & 1 == 0 ? scaled : n - scaled
  }
}
