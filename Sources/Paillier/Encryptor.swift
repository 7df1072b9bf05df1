package import BigNumber
private import SecureRandom

/// Encrypts for one public key: the noise tables and a generator of its own.
///
/// Building tables takes some tens of milliseconds, so keep an encryptor. ``sharingTables()`` gives another one, for
/// another thread, at no cost.
@safe
public struct Encryptor: ~Copyable, Sendable {
  /// How the random factor of a ciphertext is drawn.
  public enum Noise: Sendable, Hashable {
    /// `.damgardJurikNielsen` where the key allows it, else `.exact`.
    case automatic
    /// r^n with r over the full range (ISO/IEC 18033-6). Assumes decisional composite residuosity only.
    case exact
    /// A random power of an n-th residue of the encryptor's own, with exponents of half the modulus' length. Assumes
    /// also that factoring is hard. Only for keys of the Damgård-Jurik-Nielsen shape.
    case damgardJurikNielsen
  }

  /// The key that ciphertexts are for.
  public let publicKey: PaillierPublicKey
  package private(set) var source: any NoiseSource
  private var generator = SecureGenerator()

  /// An encryptor that knows the public key only.
  ///
  /// - Parameters:
  ///   - noise: How random factors are drawn.
  ///   - variableTime: Trades protection against observers of this machine's caches for about half the time: tables
  ///     are indexed with secret bits.
  ///   - tableBytes: What the tables of short exponents may take. More bytes mean fewer products, and longer to build
  ///     them: nil stands for 4.2 MB with 2048 bits, or 0.4 MB when tables are scanned whole.
  /// - Throws: ``PaillierError`` with code `profile` for short exponents with a key that is not known to allow them.
  public init(
    _ publicKey: PaillierPublicKey, noise: Noise = .automatic, variableTime: Bool = false, tableBytes: Int? = nil
  ) throws(PaillierError) {
    self.publicKey = publicKey
    let short: Bool
    switch noise {
    case .automatic: short = publicKey.hasDamgardJurikNielsenShape
    case .exact: short = false
    case .damgardJurikNielsen:
      guard publicKey.hasDamgardJurikNielsenShape else {
        throw PaillierError(.profile, "noise", "the key does not say that short exponents are safe with it")
      }
      short = true
    }
    if short {
      source = ShortExponentNoise(
        publicKey.core, tableBytes: tableBytes, variableTime: variableTime, using: &generator)
    } else {
      source = ExactNoise(publicKey.core)
    }
  }

  /// The key holder's encryptor: the distribution of `.exact`, several times faster than anything a public key allows.
  ///
  /// - Parameters:
  ///   - variableTime: As for a public key.
  ///   - tableBytes: What the tables modulo both primes may take together; nil as for a public key.
  /// - Throws: never for a key of this package.
  public init(
    _ key: borrowing PaillierPrivateKey, variableTime: Bool = false, tableBytes: Int? = nil
  ) throws(PaillierError) {
    publicKey = key.publicKey
    source = try KeyHolderNoise(
      key, tableBytes: tableBytes, variableTime: variableTime, using: &generator)
  }

  private init(sharing publicKey: PaillierPublicKey, _ source: any NoiseSource) {
    self.publicKey = publicKey
    self.source = source
  }

  /// An encryptor with the same tables and a generator of its own.
  public borrowing func sharingTables() -> Encryptor { Encryptor(sharing: publicKey, source) }
}

extension Encryptor {
  /// Bytes of the tables that random factors are computed with; 0 without tables.
  public var tableBytes: Int { source.tableBytes }

  /// How many random factors are in store.
  public var pooledNoiseCount: Int { (source as? NoisePool)?.count ?? 0 }

  /// Draws random factors ahead of time; encrypting and re-randomising use them up, each once, before drawing more.
  ///
  /// Encryptors made by ``sharingTables()`` afterwards share the store. A process that forks must not use it on both
  /// sides: reuse of a factor shows the difference of two plaintexts.
  ///
  /// - Parameters:
  ///   - count: How many factors to add, one a ciphertext.
  ///   - threads: How many threads share the work.
  public mutating func fillNoisePool(_ count: Int, threads: Int = 1) {
    let pool = source as? NoisePool ?? NoisePool(publicKey.core, refilledFrom: source)
    pool.fill(max(count, 0), threads: threads)
    source = pool
  }

  /// Encrypts a vector, packed as the plan says.
  ///
  /// - Parameters:
  ///   - values: Each within ``SlotPlan/valueRange``.
  ///   - threads: How many threads share the work.
  /// - Throws: ``PaillierError``: `valueOutOfRange`; `planMismatch` for a plan made for another size of key.
  ///
  /// **Edge cases**: no values give no ciphertexts.
  public mutating func encrypt(
    _ values: [Int64], _ plan: SlotPlan, threads: Int = 1
  ) throws(PaillierError) -> EncryptedVector<Fresh> {
    guard plan.keyBits == publicKey.bitWidth else {
      throw PaillierError(.planMismatch, "plan", "the plan was made for another size of key")
    }
    let range = plan.valueRange
    guard values.allSatisfy({ range.contains($0) }) else {
      throw PaillierError(.valueOutOfRange, "values", "a value does not fit its slot")
    }
    let core = publicKey.core
    let limbs = core.ring.limbs
    let count = plan.ciphertextCount(forValues: values.count)
    let source = self.source
    let words = unsafe [UInt64].filledInParallel(count: count, stride: 2 * limbs, threads: threads) { range, output in
      var generator = SecureGenerator()
      let scratch = core.ring.makeScratch()
      var message = LimbBuffer(count: limbs)
      let noise = core.ring.makePair()
      for index in range {
        let start = index * plan.valuesPerCiphertext
        let slice = values.span.extracting(start..<min(start + plan.valuesPerCiphertext, values.count))
        message.wipe()
        unsafe plan.pack(slice, into: message.base)
        unsafe source.draw(noise.base, using: &generator, scratch.base)
        unsafe core.seal(message.base, noise: noise.base, into: output + index * 2 * limbs, scratch.base)
      }
    }
    return EncryptedVector(
      publicKey: publicKey, plan: plan, count: values.count, totalWeight: 1, netWeight: 1, words: words)
  }

  /// Encrypts one residue 0 ≤ m < n into a pair in ordinary form.
  package mutating func encryptResidue(_ message: borrowing Natural, into pair: Limbs) throws(PaillierError) {
    let core = publicKey.core
    guard message < core.modulus else {
      throw PaillierError(.valueOutOfRange, "value", "a plaintext is below the modulus")
    }
    let scratch = core.ring.makeScratch()
    let noise = core.ring.makePair()
    let words = LimbBuffer(count: core.ring.limbs)
    unsafe message.export(to: words.base, count: words.count)
    unsafe source.draw(noise.base, using: &generator, scratch.base)
    unsafe core.seal(words.base, noise: noise.base, into: pair, scratch.base)
  }
}
