package import SecureRandom

/// A width of non-negative integers in which the steps of an exact sampler can be carried out.
///
/// Every operation that might not fit says so, and the step then continues, from where it stands, in the wider type:
/// drawing again instead would change the law.
package protocol CheckedWhole: Comparable {
  /// The width that takes over.
  associatedtype Wider: CheckedWhole

  /// A machine word.
  init(_ word: UInt64)
  /// A number, if it fits.
  init?(_ value: BigWhole)
  /// The sum, if it fits.
  func plus(_ other: Self) -> Self?
  /// The product, if it fits.
  func times(_ other: Self) -> Self?
  /// The absolute difference.
  func distance(to other: Self) -> Self
  /// The quotient, rounded down.
  func over(_ other: Self) -> Self
  /// The remainder.
  func remainder(over other: Self) -> Self
  /// The same number in the wider type.
  var wider: Wider { get }
  /// The same number at any size.
  var big: BigWhole { get }
  /// The same number in a word, if it fits.
  var narrow: UInt64? { get }
  /// A uniform number below a bound; the words drawn depend on the bound alone, not on the width.
  static func uniform<Words: RandomWords & ~Copyable>(below bound: Self, from words: inout Words) -> Self
}

extension UInt64: CheckedWhole {
  package init?(_ value: BigWhole) {
    guard let word = value.word else { return nil }
    self = word
  }

  package func plus(_ other: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? nil : sum
  }

  package func times(_ other: UInt64) -> UInt64? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }

  package func distance(to other: UInt64) -> UInt64 { self > other ? self - other : other - self }
  package func over(_ other: UInt64) -> UInt64 { self / other }
  package func remainder(over other: UInt64) -> UInt64 { self % other }
  package var wider: UInt128 { UInt128(self) }
  package var big: BigWhole { BigWhole(self) }
  package var narrow: UInt64? { self }

  package static func uniform<Words: RandomWords & ~Copyable>(below bound: UInt64, from words: inout Words) -> UInt64 {
    words.uniform(below: bound)
  }
}

extension UInt128: CheckedWhole {
  package init?(_ value: BigWhole) {
    guard let number = value.doubleWord else { return nil }
    self = number
  }

  package func plus(_ other: UInt128) -> UInt128? {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? nil : sum
  }

  package func times(_ other: UInt128) -> UInt128? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }

  package func distance(to other: UInt128) -> UInt128 { self > other ? self - other : other - self }
  package func over(_ other: UInt128) -> UInt128 { self / other }
  package func remainder(over other: UInt128) -> UInt128 { self % other }
  package var wider: BigWhole { BigWhole(self) }
  package var big: BigWhole { BigWhole(self) }
  package var narrow: UInt64? { UInt64(exactly: self) }

  package static func uniform<Words: RandomWords & ~Copyable>(below bound: UInt128, from words: inout Words) -> UInt128
  {
    words.uniform(below: bound)
  }
}

extension BigWhole: CheckedWhole {
  package init?(_ value: BigWhole) { self = value }
  package func plus(_ other: BigWhole) -> BigWhole? { self + other }
  package func times(_ other: BigWhole) -> BigWhole? { self * other }
  package func distance(to other: BigWhole) -> BigWhole { self > other ? self - other : other - self }
  package func over(_ other: BigWhole) -> BigWhole { self / other }
  package func remainder(over other: BigWhole) -> BigWhole { self - self / other * other }
  package var wider: BigWhole { self }
  package var big: BigWhole { self }
  package var narrow: UInt64? { word }

  package static func uniform<Words: RandomWords & ~Copyable>(
    below bound: BigWhole, from words: inout Words
  ) -> BigWhole {
    precondition(!bound.isZero, "an empty range has no uniform element")
    // A bound of one still takes a word, as the narrow widths do.
    let bits = max(1, (bound - .one).bitWidth)
    let count = (bits + 63) / 64
    let mask = UInt64.max >> UInt64(64 * count - bits)
    while true {
      var drawn = (0..<count).map { _ in words.next() }
      drawn[count - 1] &= mask
      let candidate = BigWhole(words: drawn)
      if candidate < bound { return candidate }
    }
  }
}
