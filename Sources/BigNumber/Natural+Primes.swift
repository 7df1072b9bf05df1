import CGMP
package import SecureRandom

extension Natural {
  /// Whether the value passes GMP's Baillie-PSW test and `rounds` - 24 Miller-Rabin rounds on top.
  package borrowing func isProbablyPrime(rounds: Int = 25) -> Bool {
    unsafe read { unsafe __gmpz_probab_prime_p($0, Int32(rounds)) != 0 }
  }

  /// Miller-Rabin rounds with bases from the system generator, for numbers chosen by somebody else
  /// (Albrecht, Massimo, Paterson, Somorovsky 2018).
  ///
  /// **Edge cases**: numbers below 4 are prime exactly when 2 or 3; even numbers above 2 are composite.
  package borrowing func passesMillerRabin(rounds: Int, using generator: inout SecureGenerator) -> Bool {
    let four = Natural(4)
    if self < four { return lowWord >= 2 }
    guard isOdd else { return false }
    let one = Natural(1)
    let minusOne = self - one
    var twos = 0
    while !minusOne.bit(at: twos) { twos += 1 }
    let odd = minusOne.shiftedRight(by: twos)
    let span = self - 3
    for _ in 0..<rounds {
      let base = Natural.random(below: span, using: &generator) + 2
      var x = base.power(odd, modulo: self)
      if x == one || x == minusOne { continue }
      var witnessed = true
      for _ in 1..<max(twos, 1) {
        x = (x * x) % self
        if x == minusOne {
          witnessed = false
          break
        }
      }
      if witnessed { return false }
    }
    return true
  }

  /// A uniform prime of exactly `bits` bits with the two top bits set, by rejection of fresh candidates.
  ///
  /// - Precondition: `bits` is at least 3.
  package static func randomPrime(bits: Int, using generator: inout SecureGenerator) -> Natural {
    precondition(bits >= 3, "a random prime needs at least three bits")
    while true {
      var candidate = random(bits: bits, using: &generator)
      candidate.setBit(at: bits - 1)
      candidate.setBit(at: bits - 2)
      candidate.setBit(at: 0)
      if candidate.isProbablyPrime() { return candidate }
    }
  }
}
