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

  /// A prime p of exactly `bits` bits with the two top bits set such that (p - 1)/2 is prime too.
  ///
  /// Fresh candidates are sieved by small primes for both numbers before any exponentiation. Safe primes are rare: at
  /// 1024 bits expect the better part of a minute.
  ///
  /// - Precondition: `bits` is at least 16.
  package static func randomSafePrime(bits: Int, using generator: inout SecureGenerator) -> Natural {
    precondition(bits >= 16, "a random safe prime needs at least 16 bits")
    var small: [UInt] = []
    for candidate: UInt in 3..<2048 where candidate % 2 == 1 && small.allSatisfy({ candidate % $0 != 0 }) {
      small.append(candidate)
    }
    search: while true {
      var half = random(bits: bits - 1, using: &generator)
      half.setBit(at: bits - 2)
      half.setBit(at: bits - 3)
      half.setBit(at: 0)
      if bits > 24 {
        for prime in small {
          let remainder = half.remainder(dividingBy: prime)
          if remainder == 0 || remainder == (prime - 1) / 2 { continue search }
        }
      }
      guard half.isProbablyPrime() else { continue }
      let whole = half * 2 + 1
      if whole.isProbablyPrime() { return whole }
    }
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
