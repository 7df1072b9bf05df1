import FederatedLearning
import SecureRandom
import Testing

@Suite struct QuantizerTests {
  @Test func `a clipped update is within the integer bound, whatever went in`() throws {
    var generator = SimulationGenerator(seed: 8, stream: "updates")
    for bits in [2, 3, 5, 8, 16, 24, 31] {
      let quantizer = try Quantizer(bits: bits, range: 0.7, clipsNorm: true)
      for trial in 0..<40 {
        let count = 1 + generator.uniform(below: 300)
        // Magnitudes from tiny to huge, some of them all alike so that rounding pushes every value the same way.
        let size = [1e-20, 1e-3, 0.05, 0.7, 3, 1e10, 3e38][trial % 7]
        let alike = trial % 3 == 0
        let update = (0..<count).map { _ in Float((alike ? 1 : generator.uniformUnit() * 2 - 1) * size) }
        var grid = [Int32](repeating: 99, count: count)
        let outcome = quantizer.quantize(update, into: &grid)
        let squared = grid.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(squared <= Double(quantizer.radius) * Double(quantizer.radius))
        #expect(!outcome.rejected)
        for (value, step) in zip(update, grid) where step != 0 { #expect((value > 0) == (step > 0)) }
      }
    }
  }

  @Test func `an update within the bound moves by at most half a step a coordinate`() throws {
    var generator = SimulationGenerator(seed: 1, stream: "small")
    let quantizer = try Quantizer(bits: 20, range: 2, clipsNorm: true)
    let update = (0..<500).map { _ in Float(generator.uniformUnit() - 0.5) * 0.05 }
    var grid = [Int32](repeating: 0, count: 500)
    let outcome = quantizer.quantize(update, into: &grid)
    #expect(!outcome.clipped)
    for (value, step) in zip(update, grid) {
      #expect(abs(Double(value) - Double(step) * quantizer.step) <= quantizer.step / 2)
    }
  }

  @Test func `a clipped update keeps its direction and nearly all of the bound`() throws {
    var generator = SimulationGenerator(seed: 1, stream: "large")
    let quantizer = try Quantizer(bits: 24, range: 1, clipsNorm: true)
    let update = (0..<1000).map { _ in Float(generator.uniformUnit() - 0.5) }
    var grid = [Int32](repeating: 0, count: 1000)
    #expect(quantizer.quantize(update, into: &grid).clipped)
    let norm = grid.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let inner = zip(update, grid).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let length = update.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(norm > 0.9999 * Double(quantizer.radius))
    #expect(inner / (norm * length) > 0.999_999)
  }

  @Test func `NaN and infinity count as zero and are reported`() throws {
    for poison in [Float.nan, .infinity, -.infinity] {
      for clips in [true, false] {
        let quantizer = try Quantizer(bits: 8, range: 1, clipsNorm: clips)
        var grid: [Int32] = [5, 5, 5]
        #expect(quantizer.quantize([0.5, poison, 0.1], into: &grid).rejected)
        #expect(grid == [0, 0, 0])
      }
    }
  }

  @Test func `without a norm bound values saturate at the radius and are counted`() throws {
    let quantizer = try Quantizer(bits: 8, range: 1, clipsNorm: false)
    var grid = [Int32](repeating: 0, count: 6)
    let outcome = quantizer.quantize([2, -3, 1, -1, 0.5, 0.0039], into: &grid)
    // Steps of 1/128: 0.0039 is 0.4992 of one.
    #expect(grid == [128, -128, 128, -128, 64, 0])
    #expect(outcome.saturated == 2)
  }

  @Test func `an update added in one pass is the difference, quantised, weighted and added`() throws {
    var generator = SimulationGenerator(seed: 4, stream: "one pass")
    for bits in [2, 3, 8, 24, 31] {
      let quantizer = try Quantizer(bits: bits, range: 0.5, clipsNorm: false)
      for (trial, weight) in ([1, 600, -7, 0, 1 << 20, 1 << 40, .min] as [Int64]).enumerated() {
        let count = 61 + trial
        let origin = (0..<count).map { _ in Float(generator.uniformUnit() - 0.5) }
        // A third of the values fall beside halves of steps, a third beyond the grid.
        var update: [Float] = origin.enumerated().map { index, value in
          let size = index % 3 == 0 ? quantizer.step * 4 : index % 3 == 1 ? 0.4 : 2.5
          let steps = (generator.uniformUnit() - 0.5) * size / quantizer.step
          return value + Float((2 * steps).rounded() / 2 * quantizer.step)
        }
        let start: [Int64] = (0..<count + 2).map { _ in Int64(bitPattern: generator.next()) }
        var grid = [Int32](repeating: 0, count: count)
        let outcome = quantizer.quantize(zip(update, origin).map { $0 - $1 }, into: &grid)
        var expected = start
        for index in 0..<count { expected[index] &+= Int64(grid[index]) &* weight }
        var sums = start
        #expect(quantizer.add(update, minus: origin, weight: weight, to: &sums) == outcome)
        #expect(sums == expected)
        // What is no number leaves the sums as they were, wherever it stands.
        for place in [0, 8, 59, count - 1] {
          let kept = update[place]
          update[place] = [.nan, .infinity, -.infinity][place % 3]
          sums = start
          #expect(quantizer.add(update, minus: origin, weight: weight, to: &sums).rejected)
          #expect(sums == start)
          update[place] = kept
        }
      }
    }
  }

  @Test func `a zero update stays zero and is not clipped`() throws {
    let quantizer = try Quantizer(bits: 8, range: 1, clipsNorm: true)
    var grid: [Int32] = [1, 1]
    let outcome = quantizer.quantize([0, 0], into: &grid)
    #expect(grid == [0, 0] && !outcome.clipped && !outcome.rejected)
  }

  @Test func `bits and ranges that make no grid are refused`() {
    #expect(throws: FederatedError.self) { try Quantizer(bits: 1, range: 1, clipsNorm: true) }
    #expect(throws: FederatedError.self) { try Quantizer(bits: 32, range: 1, clipsNorm: true) }
    #expect(throws: FederatedError.self) { try Quantizer(bits: 8, range: 0, clipsNorm: true) }
    #expect(throws: FederatedError.self) { try Quantizer(bits: 8, range: .infinity, clipsNorm: true) }
    #expect(throws: FederatedError.self) { try Quantizer(bits: 8, range: .nan, clipsNorm: true) }
  }
}
