import ArgumentParser
import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom

/// `tacit noise`: samples of the noise laws.
struct NoiseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "noise",
    abstract: "Print exact samples of a noise law.",
    discussion: """
      MECHANISM is discrete-laplace, discrete-gaussian, skellam or geometric (whole numbers), laplace or gaussian
      (reals on a grid whose step is a power of two), or uniform-bits.
      """)

  /// The laws by their names on the command line.
  enum Law: String, ExpressibleByArgument, CaseIterable {
    case discreteLaplace = "discrete-laplace"
    case discreteGaussian = "discrete-gaussian"
    case laplace, gaussian, skellam, geometric
    case uniformBits = "uniform-bits"
  }

  @Argument(help: "The law.")
  var mechanism: Law

  @Option(help: "Scale, standard deviation or width: an exact decimal or fraction such as 0.5 or 5/3.")
  var scale: String

  @Option(help: "How many samples.")
  var count = 1

  @Flag(help: "Write little-endian Int64 or Double values instead of text.")
  var raw = false

  func validate() throws {
    guard count >= 0 else { throw ValidationError("--count: must not be negative") }
  }

  func run() throws {
    do {
      guard let value = Rational(scale) else {
        throw ParameterError.notExact("scale")
      }
      if mechanism == .uniformBits { return try printBits(width: value) }
      try printSamples(of: stream(value))
    } catch let error as ParameterError {
      throw CommandFailure("--\(error.parameter == "sigma" ? "scale" : error.parameter): \(error.message)")
    }
  }

  private func stream(_ scale: Rational) throws(ParameterError) -> NoiseStream {
    switch mechanism {
    case .discreteLaplace: try .discreteLaplace(scale: scale)
    case .discreteGaussian: try .discreteGaussian(sigma: NoiseScale(sigma: scale))
    case .laplace: try .laplace(scale: LaplaceScale(scale))
    case .gaussian: try .gaussian(sigma: NoiseScale(sigma: scale))
    case .skellam: try .skellam(sigma: NoiseScale(sigma: scale))
    case .geometric, .uniformBits: try .geometric(scale: scale)
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
    while left > 0 {
      let size = min(left, 1 << 16)
      StandardOutput.write(try make(size))
      left -= size
    }
  }
}

extension ParameterError {
  fileprivate static func notExact(_ name: String) -> CommandFailure {
    CommandFailure("--\(name): is not an exact decimal or fraction such as 0.05 or 5/3")
  }
}
