/// A natural number that is a secret: one owner, no text, no equality, wiped when released.
///
/// The number can only be read inside ``withValue(_:)``, and a copy made there is wiped like every ``Natural``.
@safe
package struct SecretNatural: ~Copyable, Sendable {
  private let value: Natural

  /// Takes over a number.
  package init(_ value: consuming Natural) {
    self.value = value
  }

  /// Lends the number to `body`.
  package borrowing func withValue<Result: ~Copyable, Failure: Error>(
    _ body: (borrowing Natural) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(value)
  }

  /// The number of bits, which is public for every secret of this package.
  package var bitWidth: Int { value.bitWidth }
}
