import BigNumber
import Glibc
import Paillier
import SecureRandom
import Testing

/// Secrets do not outlive their owners in this process's memory.
@Suite(.serialized) struct SecretMemoryTests {
  /// How many aligned words of this process's writable memory are among `masked` when combined with the mask.
  ///
  /// The words looked for exist only in masked form, so the search finds no copy of its own.
  private func occurrences(ofMasked masked: Set<UInt64>, _ mask: UInt64) -> Int {
    guard let maps = unsafe fopen("/proc/self/maps", "r") else { return -1 }
    var text: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&block, 1, block.count, maps)
      if count == 0 { break }
      text += block[..<count]
    }
    unsafe fclose(maps)
    let memory = unsafe open("/proc/self/mem", O_RDONLY)
    guard memory >= 0 else { return -1 }
    defer { close(memory) }
    let words = 1 << 15
    return unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { buffer in
      guard let base = buffer.baseAddress else { return -1 }
      // A plain memset before the block is freed would be removed, and the next search would find this copy.
      defer { unsafe SecureMemory.wipe(UnsafeMutableRawBufferPointer(buffer)) }
      let own = UInt(bitPattern: base)..<UInt(bitPattern: base) + UInt(8 * words)
      var found = 0
      for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
        let fields = line.split(separator: " ")
        let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard fields[1].hasPrefix("rw"), ends.count == 2, ends[1] < 1 << 47 else { continue }
        var address = ends[0]
        while address < ends[1] {
          let wanted = min(8 * words, Int(ends[1] - address))
          let count = unsafe pread(memory, base, wanted, off_t(address))
          guard count > 0 else { break }
          for index in 0..<(count / 8) where unsafe masked.contains(base[index] ^ mask) {
            if !own.contains(address + UInt(8 * index)) { found += 1 }
          }
          address += UInt(count)
        }
      }
      return found
    }
  }

  @Test func `no limb of a key's primes is left in memory when the key is gone`() throws {
    var generator = SecureGenerator()
    let mask = generator.next()
    var masked: Set<UInt64> = []

    /// Makes a key, uses all of it, and notes its primes' upper words in masked form.
    @inline(never) func live() throws -> Int {
      let p = Natural.randomPrime(bits: 512, using: &generator)
      let q = Natural.randomPrime(bits: 512, using: &generator)
      let words = LimbBuffer(count: 8)
      for prime in 0..<2 {
        if prime == 0 { unsafe p.export(to: words.base, count: 8) } else { unsafe q.export(to: words.base, count: 8) }
        for index in 1..<8 { masked.insert(words[index] ^ mask) }
      }
      let key = try PaillierPrivateKey(
        checkedPrimes: p, q, cofactors: (0, 0), damgardJurikNielsenShape: false, keyIdentifier: "")
      let plan = try SlotPlan(valueBits: 16, maxSummands: 2, for: key.publicKey)
      var holder = try Encryptor(key)
      let values = (0..<50).map { Int64($0) }
      #expect(try key.decrypt(try holder.encrypt(values, plan)) == values)
      return occurrences(ofMasked: masked, mask)
    }

    // While the key lives the search finds it, so that finding nothing afterwards means something.
    #expect(try live() > 0)
    // What this test itself spilled while it took the primes apart is not the key's.
    SecureMemory.scrubStack()
    #expect(occurrences(ofMasked: masked, mask) == 0)
  }
}
