import DifferentialPrivacy
import SecureRandom

/// Hands a block sampler one candidate, chosen bit by bit, through its ordinary entry, and says what it made of it.
struct BlockProbe {
  /// What became of a candidate.
  enum Fate: Equatable {
    case kept(Int64)
    case rejected
    case undecided
  }

  let sampler: BlockSampler
  /// Whether the place in a block has a word of its own.
  let isWide: Bool
  let isReal: Bool

  init(_ sampler: BlockSampler, isReal: Bool = false) {
    self.sampler = sampler
    self.isReal = isReal
    isWide = sampler.blockBits + (isReal ? 1 : 0) > 15
  }

  /// The fate of the candidate of a column, a fraction of it, a place in its block (a fraction of 2⁶⁴) and a level.
  func fate(
    column: UInt64, fraction: UInt64, place: UInt64 = 0, negative: Bool = false, level: UInt64, u: UInt64 = 0,
    v: Int = 0
  ) -> Fate {
    var word = column << 54 | fraction << 30 | (level >> 50) << 1 | (negative ? 1 : 0)
    if !isWide { word |= (place >> 49) << 15 }
    var later = [level << 14]
    if isReal && !isWide { later.append(place << 15) }
    var source = ScriptedWords(first: isWide ? [word, place] : [word], later: later, u: u, v: v)
    let value = sampler.sample(using: &source)
    if source.hasRunOut { return .undecided }
    return source.fills > 1 ? .rejected : .kept(value)
  }

  /// A column and a fraction that choose each block, and how many of the 2³⁴ pairs do; −1 is the remainder, which is
  /// always rejected.
  func blocks() -> [Int: (column: UInt64, fraction: UInt64, weight: UInt64)] {
    var result: [Int: (column: UInt64, fraction: UInt64, weight: UInt64)] = [:]
    func block(_ column: UInt64, _ fraction: UInt64) -> Int {
      // Every block but the remainder keeps a candidate at level 0 and at its start.
      guard case .kept(let x) = fate(column: column, fraction: fraction, level: 0) else { return -1 }
      return Int(x) >> sampler.blockBits
    }
    let last: UInt64 = 1 << 24 - 1
    for column in UInt64(0)..<1_024 {
      let own = block(column, 0)
      var low: UInt64 = 0
      var high: UInt64 = 1 << 24
      if block(column, last) != own {
        // The first fraction that belongs to the alias.
        while high - low > 1 {
          let middle = (low + high) / 2
          if block(column, middle) == own { low = middle } else { high = middle }
        }
      }
      for (name, fraction, weight) in [(own, 0, high), (block(column, last), last, 1 << 24 - high)] where weight > 0 {
        result[name] = (column, fraction, weight + (result[name]?.weight ?? 0))
      }
    }
    return result
  }

  /// The first words by script, an acceptance level and a place's further bits, and a tail's geometric variate as
  /// u + t·v.
  private struct ScriptedWords: UniformSource {
    let first: [UInt64]
    let later: [UInt64]
    let u: UInt64
    let v: Int
    private(set) var fills = 0
    private var taken = 0
    private var coins = 0

    init(first: [UInt64], later: [UInt64], u: UInt64, v: Int) {
      self.first = first
      self.later = later
      self.u = u
      self.v = v
    }

    /// Whether more bits were asked for than the script has.
    var hasRunOut: Bool { taken > later.count }

    mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
      // After a rejection words of zeros are accepted for certain.
      for (index, word) in first.enumerated() {
        unsafe bytes.storeBytes(of: fills == 0 ? word.littleEndian : 0, toByteOffset: 8 * index, as: UInt64.self)
      }
      fills += 1
    }

    mutating func next() -> UInt64 {
      taken += 1
      return taken <= later.count ? later[taken - 1] : 0
    }

    mutating func uniform<Width: CheckedWhole>(under bound: Width) -> Width { Width(u) }

    mutating func bernoulliExp<Width: CheckedWhole>(unit a: Width, over b: Width, from start: UInt64) -> Bool {
      if a < b { return true }
      coins += 1
      return coins <= v
    }
  }
}
