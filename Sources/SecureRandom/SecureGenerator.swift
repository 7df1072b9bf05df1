private import CKernels
private import Glibc

/// The one source of secret randomness: ChaCha20 with fast key erasure, seeded by the operating system.
///
/// Every refill spends the key: the first 32 bytes of the keystream become the next key and the rest is handed out,
/// each byte wiped as it leaves. So a memory dump taken later tells nothing about randomness that was used before
/// (Bernstein 2017, "Fast-key-erasure random-number generators"). Fresh operating-system entropy is mixed into the
/// key after every mebibyte.
///
/// - The state lives in pages of its own, which the kernel leaves out of core dumps and gives to a forked child as
///   zeros. Zeros mean "not seeded", so a child seeds itself afresh before its first word.
/// - A generator has one owner and is passed `inout`; the compiler rules out copies and data races. Every thread
///   makes its own, which costs about two system calls.
/// - The pages are wiped when the generator goes away.
///
/// **Edge cases**: where the operating system cannot give entropy, or memory for the state, the process stops:
/// there is no weaker source to fall back to.
@safe
public struct SecureGenerator: ~Copyable, @unchecked Sendable {
  private let state: UnsafeMutablePointer<GeneratorState>
  private let keystream: UnsafeMutableRawPointer

  /// Creates a generator with a fresh 256-bit key from the operating system.
  public init() {
    let mapped = unsafe mmap(
      nil, GeneratorState.mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let pages = unsafe mapped, unsafe pages != MAP_FAILED else {
      fatalError("no memory for the random generator")
    }
    // Without the kernel's help (before Linux 4.14) the process identifier is compared at every call instead.
    let wipedByFork = unsafe madvise(pages, GeneratorState.mappedBytes, GeneratorState.wipeOnFork) == 0
    _ = unsafe madvise(pages, GeneratorState.mappedBytes, GeneratorState.leaveOutOfDumps)
    unsafe state = pages.bindMemory(to: GeneratorState.self, capacity: 1)
    unsafe keystream = pages + GeneratorState.headerBytes
    unsafe state.pointee.owner = wipedByFork ? 0 : Int64(getpid())
  }

  deinit {
    unsafe tacit_wipe(state, GeneratorState.mappedBytes)
    unsafe munmap(state, GeneratorState.mappedBytes)
  }

  /// The next uniform 64-bit word.
  public mutating func next() -> UInt64 {
    if unsafe state.pointee.available < 8 || state.pointee.owner != 0 { refill(atLeast: 8) }
    let position = unsafe keystream + (GeneratorState.keystreamBytes - state.pointee.available)
    let word = unsafe position.loadUnaligned(as: UInt64.self)
    unsafe position.storeBytes(of: 0, as: UInt64.self)
    unsafe state.pointee.available -= 8
    return UInt64(littleEndian: word)
  }

  /// Overwrites all of `bytes` with uniform bytes.
  public mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    if bytes.count >= GeneratorState.keystreamBytes {
      unsafe fillDirectly(base, count: bytes.count)
      return
    }
    var written = 0
    while written < bytes.count {
      if unsafe state.pointee.available == 0 || state.pointee.owner != 0 { refill(atLeast: 1) }
      let step = unsafe min(bytes.count - written, state.pointee.available)
      let position = unsafe keystream + (GeneratorState.keystreamBytes - state.pointee.available)
      unsafe (base + written).copyMemory(from: position, byteCount: step)
      unsafe tacit_wipe(position, step)
      unsafe state.pointee.available -= step
      written += step
    }
  }

  /// `count` uniform bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      unsafe fill(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
      initialized = count
    }
  }
}

extension SecureGenerator: RandomWords {}

// MARK: - Key schedule

extension SecureGenerator {
  /// Makes at least `needed` bytes available; does nothing when the state is this process's own and holds enough.
  private mutating func refill(atLeast needed: Int) {
    prepareKey()
    guard unsafe state.pointee.available < needed else { return }
    unsafe generate(
      keystream - GeneratorState.keyBytes, blocks: GeneratorState.keystreamBlocks)
    // The first 32 bytes of the keystream were written over the field that holds the next key.
    unsafe state.pointee.key = state.pointee.nextKey
    unsafe tacit_wipe(keystream - GeneratorState.keyBytes, GeneratorState.keyBytes)
    unsafe state.pointee.available = GeneratorState.keystreamBytes
  }

  /// Writes keystream straight into a large destination: one block for the next key, the rest for the caller.
  private mutating func fillDirectly(_ base: UnsafeMutableRawPointer, count: Int) {
    var written = 0
    while written < count {
      prepareKey()
      let blocks = min(count - written, GeneratorState.longestFill) / 64
      guard blocks > 0 else { break }
      unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { block in
        guard let first = block.baseAddress else { return }
        unsafe tacit_chacha20(&state.pointee.key.0, 0, 0, first.assumingMemoryBound(to: UInt8.self), 1)
        unsafe tacit_chacha20(
          &state.pointee.key.0, 1, 0, (base + written).assumingMemoryBound(to: UInt8.self), blocks)
        unsafe (UnsafeMutableRawPointer(state) + GeneratorState.keyOffset).copyMemory(
          from: first, byteCount: GeneratorState.keyBytes)
        unsafe tacit_wipe(first, 64)
      }
      unsafe state.pointee.sinceSeeding += blocks * 64
      written += blocks * 64
    }
    unsafe fill(UnsafeMutableRawBufferPointer(start: base + written, count: count - written))
  }

  private mutating func generate(_ destination: UnsafeMutableRawPointer, blocks: Int) {
    unsafe tacit_chacha20(
      &state.pointee.key.0, 0, 0, destination.assumingMemoryBound(to: UInt8.self), blocks)
    unsafe state.pointee.sinceSeeding += blocks * 64
  }

  /// Seeds a generator that is new or that a fork has wiped, and mixes entropy in when it is due.
  private mutating func prepareKey() {
    if unsafe state.pointee.owner != 0 && state.pointee.owner != Int64(getpid()) {
      unsafe tacit_wipe(state, GeneratorState.mappedBytes)
      unsafe state.pointee.owner = Int64(getpid())
    }
    let fresh = unsafe state.pointee.isSeeded == 0
    guard unsafe fresh || state.pointee.sinceSeeding >= GeneratorState.reseedInterval else { return }
    unsafe withUnsafeTemporaryAllocation(byteCount: GeneratorState.keyBytes, alignment: 8) { entropy in
      guard unsafe tacit_entropy(entropy.baseAddress, GeneratorState.keyBytes) == 0 else {
        fatalError("the operating system gives no randomness")
      }
      let key = unsafe UnsafeMutableRawPointer(state) + GeneratorState.keyOffset
      for offset in stride(from: 0, to: GeneratorState.keyBytes, by: 8) {
        let mixed =
          unsafe key.load(fromByteOffset: offset, as: UInt64.self)
          ^ entropy.load(fromByteOffset: offset, as: UInt64.self)
        unsafe key.storeBytes(of: mixed, toByteOffset: offset, as: UInt64.self)
      }
      unsafe tacit_wipe(entropy.baseAddress, GeneratorState.keyBytes)
    }
    unsafe state.pointee.isSeeded = 1
    unsafe state.pointee.sinceSeeding = 0
  }
}
