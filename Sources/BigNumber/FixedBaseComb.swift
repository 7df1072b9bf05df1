import CKernels

/// Powers of one fixed base modulo n², by the comb of Lim and Lee (CRYPTO 1994).
///
/// An exponent of ℓ bits is read as `teeth` rows of ⌈ℓ/teeth⌉ bits; with `tables` tables a power costs ⌈ℓ/teeth⌉
/// products and ⌈ℓ/(teeth·tables)⌉ - 1 squarings. The table may be a secret (when n is a secret prime) and is wiped.
@safe
package final class FixedBaseComb: @unchecked Sendable {
  /// How large a comb is.
  package struct Shape: Sendable, Hashable {
    /// Rows of the exponent; a table has 2^teeth entries.
    package var teeth: Int
    /// Tables.
    package var tables: Int

    /// A shape.
    package init(teeth: Int, tables: Int) {
      self.teeth = teeth
      self.tables = tables
    }

    /// Few, small tables that are scanned whole at each step: for secret exponents.
    package static let constantTime = Shape(teeth: 5, tables: 16)
    /// Larger tables indexed directly: faster, and the cache sees the exponent.
    package static let variableTime = Shape(teeth: 10, tables: 8)
  }

  private let modulus: PairModulus
  private let table: LimbBuffer
  private let shape: tacit_comb
  private let variableTime: Bool

  /// The bits of the exponents.
  package let exponentBits: Int

  /// Words of an exponent.
  package var exponentLimbs: Int { (exponentBits + 63) / 64 }

  /// Bytes of the table.
  package var tableBytes: Int { table.count * 8 }

  /// Builds the tables for `base`, a pair in Montgomery form.
  package init(
    base: ConstantLimbs, modulus: PairModulus, exponentBits: Int, shape: Shape, variableTime: Bool
  ) {
    precondition(exponentBits > 0 && shape.teeth > 0 && shape.tables > 0)
    self.modulus = modulus
    self.variableTime = variableTime
    self.exponentBits = exponentBits
    let raw = tacit_comb(bits: exponentBits, teeth: UInt32(shape.teeth), tables: UInt32(shape.tables))
    self.shape = raw
    let table = LimbBuffer(count: Int(tacit_comb_table_limbs(modulus.limbs, raw)))
    let scratch = modulus.makeScratch()
    unsafe withUnsafePointer(to: modulus.modulus) {
      unsafe tacit_comb_build($0, table.base, base, modulus.one, raw, scratch.base)
    }
    self.table = table
  }

  /// result = base^exponent in Montgomery form; the exponent has ``exponentLimbs`` words.
  package func power(_ result: Limbs, exponent: ConstantLimbs, _ scratch: Limbs) {
    unsafe withUnsafePointer(to: modulus.modulus) {
      unsafe tacit_comb_power(
        $0, result, table.base, modulus.one, shape, exponent, variableTime ? 1 : 0, scratch)
    }
  }
}
