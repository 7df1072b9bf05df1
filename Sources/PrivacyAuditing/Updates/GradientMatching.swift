private import Glibc
import SecureRandom

/// Reconstruction by optimisation: the input whose gradient is closest to the one seen (Zhu, Liu and Han 2019, DLG).
///
/// With r(x) = G(x) − g* for the parameters' gradient G of the loss, the objective is ½‖r‖² and its gradient by x is
/// (∂G/∂x)ᵀr, which is the derivative of the input gradient ∇ₓL along r in the parameters. A central difference of two
/// input gradients gives it, so no second-order code is needed. The step is chosen by L-BFGS with backtracking.
public struct GradientMatching: Sendable {
  /// Where the search ended.
  public struct Outcome: Sendable, Hashable {
    /// The input.
    public let features: [Double]
    /// ‖G(x) − g*‖/‖g*‖ there.
    public let residual: Double
    /// Iterations used.
    public let iterations: Int
  }

  private let network: DenseNetwork
  private let memory = 20

  /// An attack with the model that the client received.
  public init(_ network: DenseNetwork) { self.network = network }

  /// Searches from random starting points; the best end is returned.
  ///
  /// - Parameters:
  ///   - gradient: What was seen, one number for each parameter.
  ///   - label: The class, which the output layer gives away.
  ///   - starts: Starting points tried.
  ///   - iterations: The most iterations of each.
  ///   - seed: Fixes the starting points.
  public func reconstruct(
    gradient: [Double], label: Int, starts: Int = 3, iterations: Int = 300, seed: UInt64 = 1
  ) -> Outcome {
    var best = Outcome(features: [], residual: .infinity, iterations: 0)
    let size = max(1e-300, norm(gradient))
    for start in 0..<max(1, starts) {
      var random = SimulationGenerator(seed: seed, stream: "gradient matching").substream(start)
      let point = (0..<network.widths[0]).map { _ in random.uniformUnit() }
      let (x, value, used) = descend(point, gradient, label, iterations)
      let residual = (2 * value).squareRoot() / size
      if residual < best.residual { best = Outcome(features: x, residual: residual, iterations: used) }
      if best.residual < 1e-9 { break }
    }
    return best
  }

  private func objective(_ x: [Double], _ wanted: [Double], _ label: Int) -> (value: Double, gradient: [Double]) {
    let difference = zip(network.gradients(x, label: label).parameters, wanted).map { $0 - $1 }
    let length = norm(difference)
    guard length > 0 else { return (0, [Double](repeating: 0, count: x.count)) }
    let step = 1e-5 / length
    var (up, down) = (network, network)
    for index in difference.indices {
      up.parameters[index] += step * difference[index]
      down.parameters[index] -= step * difference[index]
    }
    let (a, b) = (up.gradients(x, label: label).input, down.gradients(x, label: label).input)
    return (length * length / 2, zip(a, b).map { ($0 - $1) / (2 * step) })
  }

  private func descend(
    _ start: [Double], _ wanted: [Double], _ label: Int, _ iterations: Int
  ) -> ([Double], Double, Int) {
    var x = start
    var (value, slope) = objective(x, wanted, label)
    var steps: [(s: [Double], y: [Double], rho: Double)] = []
    for iteration in 0..<iterations {
      var direction = slope
      var factors: [Double] = []
      for pair in steps.reversed() {
        let factor = pair.rho * dot(pair.s, direction)
        factors.append(factor)
        add(&direction, -factor, pair.y)
      }
      if let last = steps.last {
        let scale = 1 / (last.rho * dot(last.y, last.y))
        for index in direction.indices { direction[index] *= scale }
      }
      for (pair, factor) in zip(steps, factors.reversed()) {
        add(&direction, factor - pair.rho * dot(pair.y, direction), pair.s)
      }
      var decrease = dot(slope, direction)
      if decrease <= 0 {
        direction = slope
        decrease = dot(slope, slope)
      }
      if decrease < 1e-30 { return (x, value, iteration) }
      var length = steps.isEmpty ? min(1, 1 / max(1e-12, norm(slope))) : 1.0
      var next = x
      var found = objective(next, wanted, label)
      for _ in 0..<30 {
        next = x
        add(&next, -length, direction)
        found = objective(next, wanted, label)
        if found.value <= value - 1e-4 * length * decrease { break }
        length /= 2
      }
      guard found.value < value else { return (x, value, iteration) }
      let s = zip(next, x).map { $0 - $1 }
      let y = zip(found.gradient, slope).map { $0 - $1 }
      let curvature = dot(s, y)
      if curvature > 1e-300 { steps.append((s, y, 1 / curvature)) }
      if steps.count > memory { steps.removeFirst() }
      (x, value, slope) = (next, found.value, found.gradient)
      if value < 1e-24 { return (x, value, iteration + 1) }
    }
    return (x, value, iterations)
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  private func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }
  private func add(_ a: inout [Double], _ factor: Double, _ b: [Double]) {
    for index in a.indices { a[index] += factor * b[index] }
  }
}
