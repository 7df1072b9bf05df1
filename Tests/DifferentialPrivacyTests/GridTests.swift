import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom
import Testing

/// No answer of a real-valued mechanism has a bit below its grid; `benchmark-noise --grid-draws` makes it 10⁸ draws.
@Suite struct GridTests {
  private static let total = 2_000_000
  private static let chunk = 1 << 16

  /// The bits below the grid among `count` answers, as doubles, and the largest of their magnitudes in steps.
  private func bitsBelow(_ grid: Grid, _ steps: [Int64]) -> (below: UInt64, most: Int64) {
    let step = grid.step.doubleValue
    var below: UInt64 = 0
    var most: Int64 = 0
    for value in steps {
      // A whole multiple of the step leaves nothing when its own whole steps are taken off; so does the release's
      // double, which is exact up to 2⁵³ steps.
      let answer = GridValue(steps: value, grid: grid).value
      below |= (answer - (answer / step).rounded() * step).bitPattern & ~(1 << 63)
      most = max(most, abs(value))
    }
    return (below, most)
  }

  @Test(arguments: ["1/3", "12345/7"])
  func `millions of answers lie on the grid`(scale: String) throws {
    let scale = try #require(Rational(scale))
    var generator = SecureGenerator()
    // Both laws at both scales, a quarter of the draws each.
    let laplace = try NoiseStream.laplace(scale: LaplaceScale(scale))
    let gaussian = try NoiseStream.gaussian(sigma: NoiseScale(sigma: scale))
    for stream in [laplace, gaussian] {
      let grid = try #require(stream.grid)
      #expect(grid == (try Grid(forScale: scale)))
      var drawn = 0
      var below: UInt64 = 0
      var most: Int64 = 0
      while drawn < GridTests.total / 4 {
        let found = bitsBelow(grid, stream.samples(GridTests.chunk, using: &generator))
        below |= found.below
        most = max(most, found.most)
        drawn += GridTests.chunk
      }
      #expect(below == 0)
      #expect(most < 1 << 53)
    }
  }

  @Test func `releases of both mechanisms are whole steps, exactly`() throws {
    var generator = SecureGenerator()
    for text in ["1/1000", "1/3", "1", "1e9"] {
      let scale = try #require(Rational(text))
      let laplace = try LaplaceMechanism(scale: scale)
      let gaussian = try GaussianMechanism(sigma: scale)
      for _ in 0..<200 {
        for answer in [laplace.release(steps: 5, using: &generator), gaussian.release(steps: 5, using: &generator)] {
          #expect((answer.exactValue / answer.grid.step).integer != nil)
          #expect(Rational(exactly: answer.value) == answer.exactValue)
        }
      }
    }
  }

  @Test func `an answer off the grid is seen`() throws {
    let grid = try Grid(exponent: -10)
    let step = grid.step.doubleValue
    let answer = 3 * step + step / 4
    #expect((answer - (answer / step).rounded() * step).bitPattern != 0)
  }
}
