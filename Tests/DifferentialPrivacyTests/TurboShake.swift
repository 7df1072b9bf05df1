/// TurboSHAKE128 for published sampler vectors: a sponge of rate 168 over twelve-round Keccak.
struct TurboShake {
  private var state = [UInt64](repeating: 0, count: 25)
  private var position = 0

  init(_ message: [UInt8], domain: UInt8) {
    precondition(message.count < 167)
    var block = message + [domain]
    block += [UInt8](repeating: 0, count: 168 - block.count)
    block[167] ^= 0x80
    for (index, byte) in block.enumerated() { state[index / 8] ^= UInt64(byte) << UInt64(8 * (index % 8)) }
    permute()
  }

  mutating func byte() -> UInt8 {
    if position == 168 {
      permute()
      position = 0
    }
    defer { position += 1 }
    return UInt8(truncatingIfNeeded: state[position / 8] >> UInt64(8 * (position % 8)))
  }

  private mutating func permute() {
    func rotate(_ x: UInt64, _ n: Int) -> UInt64 { n == 0 ? x : x << UInt64(n) | x >> UInt64(64 - n) }
    var constants: [UInt64] = []
    var register = 1
    for _ in 0..<24 {
      var constant: UInt64 = 0
      for j in 0..<7 {
        if register & 1 == 1 { constant ^= 1 << UInt64((1 << j) - 1) }
        register <<= 1
        if register & 0x100 != 0 { register ^= 0x171 }
      }
      constants.append(constant)
    }
    for round in 12..<24 {
      let c = (0..<5).map { x in (0..<5).reduce(UInt64(0)) { $0 ^ state[x + 5 * $1] } }
      for x in 0..<5 {
        let d = c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1)
        for y in 0..<5 { state[x + 5 * y] ^= d }
      }
      var (x, y) = (1, 0)
      var current = state[1]
      for t in 0..<24 {
        (x, y) = (y, (2 * x + 3 * y) % 5)
        let next = state[x + 5 * y]
        state[x + 5 * y] = rotate(current, (t + 1) * (t + 2) / 2 % 64)
        current = next
      }
      for y in 0..<5 {
        let row = (0..<5).map { state[$0 + 5 * y] }
        for x in 0..<5 { state[x + 5 * y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]) }
      }
      state[0] ^= constants[round]
    }
  }
}
