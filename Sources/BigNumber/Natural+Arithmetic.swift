import CGMP

extension Natural {
  /// The sum.
  package static func + (a: borrowing Natural, b: borrowing Natural) -> Natural {
    unsafe combining(a, b) { unsafe __gmpz_add($0, $1, $2) }
  }

  /// The difference.
  ///
  /// - Precondition: `b` is at most `a`.
  package static func - (a: borrowing Natural, b: borrowing Natural) -> Natural {
    let result = unsafe combining(a, b) { unsafe __gmpz_sub($0, $1, $2) }
    precondition(unsafe result.read { unsafe tacit_mpz_sgn($0) >= 0 }, "a natural difference below zero")
    return result
  }

  /// The product.
  package static func * (a: borrowing Natural, b: borrowing Natural) -> Natural {
    unsafe combining(a, b) { unsafe __gmpz_mul($0, $1, $2) }
  }

  /// The quotient, rounded down.
  ///
  /// - Precondition: `b` is not zero.
  package static func / (a: borrowing Natural, b: borrowing Natural) -> Natural {
    precondition(!b.isZero, "division of a natural by zero")
    return unsafe combining(a, b) { unsafe __gmpz_fdiv_q($0, $1, $2) }
  }

  /// The remainder.
  ///
  /// - Precondition: `b` is not zero.
  package static func % (a: borrowing Natural, b: borrowing Natural) -> Natural {
    precondition(!b.isZero, "division of a natural by zero")
    return unsafe combining(a, b) { unsafe __gmpz_fdiv_r($0, $1, $2) }
  }

  /// The quotient, rounded down, and the remainder of one division.
  ///
  /// - Precondition: `divisor` is not zero.
  package borrowing func quotientAndRemainder(dividingBy divisor: borrowing Natural) -> Division {
    precondition(!divisor.isZero, "division of a natural by zero")
    var quotient = Natural()
    var remainder = Natural()
    unsafe read { x in
      unsafe divisor.read { d in
        unsafe quotient.write { q in unsafe remainder.write { r in unsafe __gmpz_fdiv_qr(q, r, x, d) } }
      }
    }
    return Division(quotient: quotient, remainder: remainder)
  }

  /// The two results of a division.
  package struct Division: ~Copyable {
    /// Rounded down.
    package let quotient: Natural
    /// Below the divisor.
    package let remainder: Natural
  }

  /// The remainder of a division by a machine word.
  ///
  /// - Precondition: `word` is not zero.
  package borrowing func remainder(dividingBy word: UInt) -> UInt {
    precondition(word != 0, "division of a natural by zero")
    return unsafe read { unsafe __gmpz_fdiv_ui($0, word) }
  }

  /// The sum with a machine word.
  package static func + (a: borrowing Natural, b: UInt) -> Natural { a + Natural(b) }

  /// The difference with a machine word.
  ///
  /// - Precondition: `b` is at most `a`.
  package static func - (a: borrowing Natural, b: UInt) -> Natural { a - Natural(b) }

  /// The product with a machine word.
  package static func * (a: borrowing Natural, b: UInt) -> Natural { a * Natural(b) }

  /// The quotient by a machine word, rounded down.
  package static func / (a: borrowing Natural, b: UInt) -> Natural { a / Natural(b) }

  /// The value times 2^`bits`.
  package borrowing func shiftedLeft(by bits: Int) -> Natural {
    var result = Natural()
    unsafe read { x in unsafe result.write { unsafe __gmpz_mul_2exp($0, x, UInt(bits)) } }
    return result
  }

  /// The value divided by 2^`bits`, rounded down.
  package borrowing func shiftedRight(by bits: Int) -> Natural {
    var result = Natural()
    unsafe read { x in unsafe result.write { unsafe __gmpz_fdiv_q_2exp($0, x, UInt(bits)) } }
    return result
  }

  /// 2^`exponent`.
  package static func powerOfTwo(_ exponent: Int) -> Natural {
    var result = Natural()
    result.setBit(at: exponent)
    return result
  }

  /// The greatest common divisor.
  package static func greatestCommonDivisor(_ a: borrowing Natural, _ b: borrowing Natural) -> Natural {
    unsafe combining(a, b) { unsafe __gmpz_gcd($0, $1, $2) }
  }

  /// The inverse modulo `modulus`, or nil when there is none.
  ///
  /// **Edge cases**: modulo 1 the inverse is 0; modulo 0 there is none.
  package borrowing func inverse(modulo modulus: borrowing Natural) -> Natural? {
    guard !modulus.isZero else { return nil }
    var result = Natural()
    let exists = unsafe read { x in
      unsafe modulus.read { m in unsafe result.write { unsafe __gmpz_invert($0, x, m) } }
    }
    if exists == 0 { return nil }
    return result
  }

  /// The value to a power modulo `modulus`, in time that may depend on every operand.
  ///
  /// - Precondition: `modulus` is not zero.
  package borrowing func power(_ exponent: borrowing Natural, modulo modulus: borrowing Natural) -> Natural {
    precondition(!modulus.isZero, "power modulo zero")
    var result = Natural()
    unsafe read { x in
      unsafe exponent.read { e in
        unsafe modulus.read { m in unsafe result.write { unsafe __gmpz_powm($0, x, e, m) } }
      }
    }
    return result
  }

  /// The value to a secret power, with GMP's side-channel-silent exponentiation.
  ///
  /// - Precondition: `modulus` is odd and `exponent` is positive.
  package borrowing func securePower(_ exponent: borrowing Natural, modulo modulus: borrowing Natural) -> Natural {
    precondition(modulus.isOdd && !exponent.isZero, "a secure power needs an odd modulus and a positive exponent")
    var result = Natural()
    unsafe read { x in
      unsafe exponent.read { e in
        unsafe modulus.read { m in unsafe result.write { unsafe __gmpz_powm_sec($0, x, e, m) } }
      }
    }
    return result
  }

  /// The integer square root, rounded down.
  package borrowing func squareRoot() -> Natural {
    var root = Natural()
    unsafe read { x in unsafe root.write { unsafe __gmpz_sqrt($0, x) } }
    return root
  }

  /// Whether the value is the square of an integer.
  package var isPerfectSquare: Bool { unsafe read { unsafe __gmpz_perfect_square_p($0) != 0 } }

  /// The Jacobi symbol (self | modulus).
  ///
  /// - Precondition: `modulus` is odd.
  package borrowing func jacobiSymbol(over modulus: borrowing Natural) -> Int {
    precondition(modulus.isOdd, "the Jacobi symbol needs an odd modulus")
    return unsafe read { x in unsafe modulus.read { m in Int(unsafe __gmpz_jacobi(x, m)) } }
  }
}
