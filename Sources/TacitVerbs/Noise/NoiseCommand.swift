import ArgumentParser
import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import Reporting
import SecureRandom

/// `tacit noise`: samples of the noise laws, and answers of the mechanisms to values given on the command line.
struct NoiseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "noise",
    abstract: "Print exact samples of a noise law, or a mechanism's answers.",
    discussion: """
      Laws, drawn --count times with --scale S, one sample a line:
        discrete-laplace, two-sided-geometric   P[x] ~ e^(-|x|/S), whole numbers
        geometric                               P[x] ~ e^(-x/S), x >= 0
        discrete-gaussian, skellam              whole numbers of standard deviation S
        staircase                               whole numbers; epsilon = sensitivity/S, steps of --sensitivity
        laplace, gaussian                       reals on a grid whose step is a power of two; S in the same unit
        uniform-bits                            S bits, 1 to 64
      Choices among --values (scores), one index from 0 a line, with --epsilon:
        exponential, permute-and-flip, noisy-max-laplace, noisy-max-exponential, top-k,
        repeated-selection (the best of a random number of noisy looks, about 1/--gamma of them)
      Local reports for each of --values (from 0 to --categories less 1), with --epsilon:
        randomized-response, symmetric-unary, optimized-unary, subset-selection, hadamard, local-hashing
      Streams of --values: sparse-vector and numeric-sparse-vector (--epsilon, --threshold, --cutoff), tree (--scale),
        toeplitz (--rho)
      One person's vector --values, clipped to --bound: vector-l1 (--epsilon), vector-l2 (--rho)
      --values VALUE,DISTANCE, the distance from where the proposed sensitivity fails: propose-test-release
        (--scale, --epsilon of the test, --delta)
      Quantiles of --values in --range: quantile, smooth-quantile, quantile-tree (--epsilon, --quantile)
      --describe prints the event and the accuracy as JSON instead. --fixed-cost takes the same work for every sample
      (discrete-laplace, discrete-gaussian).
      """)

  @Argument(help: "The law or mechanism.")
  var mechanism: NoiseName

  @OptionGroup var options: NoiseOptions

  @Option(help: "How many samples, or how often to answer.")
  var count = 1

  @Flag(help: "Write little-endian Int64 or Double values instead of text (laws only).")
  var raw = false

  @Flag(help: "Print the privacy event and the accuracy as JSON; draw nothing.")
  var describe = false

  func validate() throws {
    guard count >= 0 else { throw ValidationError("--count: must not be negative") }
    guard !raw || mechanism.isLaw else { throw ValidationError("--raw: is for noise laws only") }
    guard !describe || mechanism != .uniformBits else {
      throw ValidationError("--describe: uniform bits protect nothing")
    }
    try options.check(for: mechanism)
  }

  func run() throws {
    do {
      if describe { return try emitJSON(NoiseDescription(mechanism, options)) }
      if mechanism == .uniformBits { return try printBits(width: options.rational(options.scale, "scale")) }
      if mechanism.isLaw { return try printSamples(of: options.stream(mechanism)) }
      var generator = SecureGenerator()
      let answers = try NoiseAnswers(mechanism, options)
      for _ in 0..<count {
        StandardOutput.write(answers.draw(&generator).map { $0 + "\n" }.joined())
      }
    } catch let error as ParameterError {
      throw CommandFailure("--\(error.parameter == "sigma" ? "scale" : error.parameter): \(error.message)")
    }
  }

  private func printSamples(of stream: NoiseStream) throws {
    var generator = SecureGenerator()
    try inChunks { size in
      let samples = stream.samples(size, using: &generator)
      guard let grid = stream.grid else { return render(samples) { String($0) } }
      let values = samples.map { GridValue(steps: $0, grid: grid) }
      if raw { return bytes(values.map { $0.value.bitPattern }) }
      return Array(values.map { $0.description + "\n" }.joined().utf8)
    }
  }

  private func printBits(width: Rational) throws {
    guard let bits = width.integer, (1...64).contains(bits) else {
      throw CommandFailure("--scale: must be a whole number of bits from 1 to 64")
    }
    var generator = SecureGenerator()
    try inChunks { size in
      let samples = (0..<size).map { _ in generator.next() >> UInt64(64 - bits) }
      return raw ? bytes(samples) : Array(samples.map { "\($0)\n" }.joined().utf8)
    }
  }

  private func render(_ samples: [Int64], _ text: (Int64) -> String) -> [UInt8] {
    if raw { return bytes(samples.map { UInt64(bitPattern: $0) }) }
    var output: [UInt8] = []
    output.reserveCapacity(samples.count * 8)
    for sample in samples {
      output.append(contentsOf: text(sample).utf8)
      output.append(UInt8(ascii: "\n"))
    }
    return output
  }

  private func bytes(_ words: [UInt64]) -> [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
  }

  /// Makes and writes the output piece by piece, so that any count fits in memory.
  private func inChunks(_ make: (Int) throws -> [UInt8]) throws {
    var left = count
    // Samples that a terminal shows are their own progress.
    let line = isatty(STDOUT_FILENO) == 1 ? nil : ProgressLine("samples", total: count, after: 2)
    while left > 0 {
      let size = min(left, 1 << 16)
      StandardOutput.write(try make(size))
      left -= size
      line?.update(count - left)
    }
    line?.finish()
  }
}
