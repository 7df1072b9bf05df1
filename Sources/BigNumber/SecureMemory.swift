import CGMP
private import Glibc

/// The allocator GMP uses in this process: blocks are wiped before they are freed or moved.
///
/// The hook is process-global. It only wraps `malloc`, `realloc` and `free`, so blocks that GMP allocated before
/// it was installed stay valid. GMP's stack scratch and processor registers are outside its reach.
package enum SecureMemory {
  /// Installs the hook once; later calls do nothing.
  package static func install() { installed }

  /// Overwrites the part of this thread's stack that earlier calls may have left secrets in.
  ///
  /// GMP keeps scratch of up to 64 KiB on the stack, where the allocator hook does not reach.
  @inline(never)
  package static func scrubStack() {
    unsafe withUnsafeTemporaryAllocation(byteCount: 1 << 17, alignment: 16) { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe explicit_bzero(base, 1 << 17)
    }
  }

  private static let installed: Void = {
    unsafe __gmp_set_memory_functions(
      { size in
        guard let block = unsafe malloc(max(size, 1)) else { fatalError("out of memory") }
        return unsafe block
      },
      { old, oldSize, newSize in
        guard let block = unsafe malloc(max(newSize, 1)) else { fatalError("out of memory") }
        if let old = unsafe old {
          unsafe memcpy(block, old, min(oldSize, newSize))
          unsafe explicit_bzero(old, oldSize)
          unsafe free(old)
        }
        return unsafe block
      },
      { block, size in
        guard let block = unsafe block else { return }
        unsafe explicit_bzero(block, size)
        unsafe free(block)
      })
  }()
}
