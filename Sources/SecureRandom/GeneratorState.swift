/// The layout of a generator's private pages: this header, then the keystream that has not been handed out.
///
/// All zeros is a valid state and means "not seeded, nothing available".
struct GeneratorState {
  typealias Key = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

  /// The key of the next refill.
  var key: Key
  /// Bytes of keystream that have not been handed out.
  var available: Int
  /// 1 once operating-system entropy is in the key.
  var isSeeded: Int
  /// Bytes produced since entropy was last mixed in.
  var sinceSeeding: Int
  /// The process that seeded the state, or 0 where the kernel wipes the pages on fork.
  var owner: Int64
  private var padding: Key
  /// Where a refill writes its first 32 bytes.
  var nextKey: Key

  static let keyOffset = 0
  static let keyBytes = 32
  static let headerBytes = 128
  static let mappedBytes = 8_192
  static let keystreamBlocks = 120
  static let keystreamBytes = keystreamBlocks * 64 - keyBytes
  /// The longest run under one key in a direct fill.
  static let longestFill = 1 << 16
  static let reseedInterval = 1 << 20
  /// `MADV_WIPEONFORK` and `MADV_DONTDUMP` of `<sys/mman.h>`.
  static let wipeOnFork: Int32 = 18
  static let leaveOutOfDumps: Int32 = 16
}
