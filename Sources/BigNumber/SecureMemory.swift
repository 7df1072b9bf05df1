import CGMP
import CKernels
private import Glibc

/// The allocator GMP uses in this process: blocks are wiped before they are freed or moved.
///
/// The hook is process-global. It only wraps `malloc`, `realloc` and `free`, so blocks that GMP allocated before
/// it was installed stay valid. GMP's stack scratch and processor registers are outside its reach.
package enum SecureMemory {
  /// Installs the hook once; later calls do nothing.
  package static func install() { installed }

  /// Overwrites bytes with zeros in a way the optimiser keeps.
  package static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    unsafe explicit_bzero(base, bytes.count)
  }

  /// Overwrites the part of this thread's stack that earlier calls may have left secrets in.
  ///
  /// GMP keeps scratch of up to 64 KiB on the stack, where the allocator hook does not reach. The frame
  /// is taken in C, since Swift's temporary allocations of this size may come from the heap.
  package static func scrubStack() { tacit_wipe_stack() }

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
