extension FixedBaseComb.Shape {
  /// The cheapest comb whose table is within a budget.
  ///
  /// A power costs ⌈bits/teeth⌉ products by one digit and ⌈bits/(teeth·tables)⌉ - 1 squarings of pairs, in units of
  /// L² limb products 4 and 3.5; a constant-time power also reads the 2^teeth entries of a whole table at each product,
  /// which costs about a fifth of a limb product a word.
  ///
  /// - Parameters:
  ///   - bits: The length of the exponents.
  ///   - limbs: Words of the modulus.
  ///   - tableBytes: The budget; nil for ``defaultTableBytes(bits:limbs:variableTime:)``. The smallest comb (4 teeth, 1 table) is used when it fits none.
  ///   - variableTime: Whether tables are indexed directly.
  package static func fitting(bits: Int, limbs: Int, tableBytes: Int?, variableTime: Bool) -> Self {
    let entryBytes = 16 * limbs
    let tableBytes = tableBytes ?? defaultTableBytes(bits: bits, limbs: limbs, variableTime: variableTime)
    var (best, lowest) = (Self(teeth: 4, tables: 1), Double.infinity)
    for teeth in 4...16 where entryBytes << teeth <= tableBytes {
      let columns = (bits + teeth - 1) / teeth
      for tables in 1...min(columns, tableBytes / (entryBytes << teeth)) {
        let height = (columns + tables - 1) / tables
        let digit = Double(limbs * limbs)
        var cost = Double(columns) * 4 * digit + Double(height - 1) * 3.5 * digit
        if !variableTime { cost += Double(columns << teeth) * Double(2 * limbs) * 0.2 }
        if cost < lowest { (best, lowest) = (Self(teeth: teeth, tables: tables), cost) }
      }
    }
    return best
  }

  /// The budget when none is named: eight entries a bit of the exponent, 4.2 MB for 1024 bits modulo the square of a
  /// 2048-bit number; or three quarters of one when tables are scanned whole, which then stay in the second-level cache.
  package static func defaultTableBytes(bits: Int, limbs: Int, variableTime: Bool) -> Int {
    (variableTime ? 8 * bits : bits * 3 / 4) * 16 * limbs
  }
}
