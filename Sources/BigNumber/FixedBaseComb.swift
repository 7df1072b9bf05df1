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

  /// Builds the tables for `base`, a unit, as a pair in Montgomery form.
  ///
  /// The base may be a secret: GMP's inversion, which takes a time that depends on its operand, sees it only
  /// multiplied by a random unit.
  ///
  /// - Precondition: `base` shares no factor with n.
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
    let work = LimbBuffer(count: Int(tacit_comb_work_limbs(modulus.limbs, raw)))
    let inverse = LimbBuffer(count: modulus.limbs)
    unsafe modulus.invertDigit(base, into: inverse.base, scratch.base)
    unsafe withUnsafePointer(to: modulus.modulus) {
      unsafe tacit_comb_build(
        $0, table.base, base, inverse.base, modulus.one, raw, work.base, scratch.base)
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
