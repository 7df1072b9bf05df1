import ExactMath
private import Glibc

/// Real numbers as computers have them.
extension Zoo {
  static let floatingPointMembers: [ZooMember] = [
    .each("float-laplace", .broken, "the low bits of inverted noise show the true value (Mironov 2012)", pairs: oneRow)
    {
      sum($0) + $1.laplace(1)
    },
    .each(
      "float-laplace-small-epsilon", .broken, "the same with much more noise", epsilon: Rational(1, 10), pairs: oneRow,
      samples: 20_000
    ) { sum($0) + $1.laplace(10) },
    .each(
      "float-gaussian", .broken, "the same with Box and Muller's normal noise", delta: Rational(1, 100_000),
      pairs: oneRow
    ) { sum($0) + $1.gaussian(3.7307) },
    .each("float-difference-of-exponentials", .broken, "the same with the difference of two logarithms", pairs: oneRow)
    { sum($0) + ($1.exponential(1) - $1.exponential(1)) },
    .each(
      "geometric-by-logarithm-of-zero", .broken, "a draw of 8 bits that can be 0 leaves the noise unlimited there",
      pairs: oneRow, samples: 200_000
    ) { rows, random in
      let draw = Double(random.below(1 << 8)) / 256
      let magnitude = draw == 0 ? 1e6 : (-log(draw)).rounded(.down)
      return sum(rows) + (random.coin(0.5) ? magnitude : -magnitude - 1)
    },
    .each(
      "wrapping-sum", .broken, "a sum kept in eight bits falls from 255 to 0 (Casacuberta et al. 2022)",
      pairs: [AdjacentPair([Double](repeating: 1, count: 255), [Double](repeating: 1, count: 256))]
    ) { Double(Int($0.count) & 255) + $1.gridLaplace(1) },
    .each(
      "float-sum-order", .broken, "one row more changes how every other one is rounded (Casacuberta et al. 2022)",
      pairs: [
        AdjacentPair([Double](repeating: 0.6, count: 2_048), [1] + [Double](repeating: 0.6, count: 2_048))
      ], samples: 2_000
    ) { rows, random in
      // Eleven bits of mantissa: from 1024 on the sum moves in whole numbers, from 2048 on in twos.
      var total = 0.0
      for row in rows.sorted(by: >) {
        let exact = total + row
        let unit = exact < 1 ? 0x1p-11 : scalbn(1, Int32(exact.exponent) - 10)
        total = (exact / unit).rounded(.toNearestOrEven) * unit
      }
      return total + random.gridLaplace(1)
    },
    .each("grid-laplace", .correct, "the same noise rounded to a grid that does not depend on data", pairs: oneRow) {
      sum($0) + $1.gridLaplace(1)
    },
    .each(
      "saturating-sum", .correct, "a sum that stays at its limit moves by at most one row",
      pairs: [AdjacentPair([Double](repeating: 1, count: 255), [Double](repeating: 1, count: 256))]
    ) { Double(min(255, $0.count)) + $1.gridLaplace(1) },
  ]
}
