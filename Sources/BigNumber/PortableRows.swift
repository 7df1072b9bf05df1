import CGMP
import CKernels

/// GMP's public limb loops as the portable path of the kernels: faster than plain C on processors without BMI2 and ADX.
enum PortableRows {
  /// Hands the loops to the kernels once; later calls do nothing.
  static func install() { installed }

  /// The loops take GMP's operands as they are: a limb is a 64-bit word on every platform of this package.
  private static let installed: Void = {
    let rows = UnsafeMutablePointer<tacit_foreign_rows>.allocate(capacity: 1)
    unsafe rows.initialize(
      to: unsafe tacit_foreign_rows(
        multiply_add_row: { r, u, count, v in
          UInt64(unsafe __gmpn_addmul_1(PortableRows.words(r), PortableRows.words(u), count, UInt(v)))
        },
        multiply: { r, a, b, count in
          unsafe __gmpn_mul_n(PortableRows.words(r), PortableRows.words(a), PortableRows.words(b), count)
        },
        square: { r, a, count in unsafe __gmpn_sqr(PortableRows.words(r), PortableRows.words(a), count) }))
    unsafe tacit_montgomery_set_foreign_rows(rows)
  }()

  private static func words(_ limbs: Limbs?) -> UnsafeMutablePointer<UInt>? {
    unsafe UnsafeMutableRawPointer(limbs)?.assumingMemoryBound(to: UInt.self)
  }

  private static func words(_ limbs: ConstantLimbs?) -> UnsafePointer<UInt>? {
    unsafe UnsafeRawPointer(limbs)?.assumingMemoryBound(to: UInt.self)
  }
}
