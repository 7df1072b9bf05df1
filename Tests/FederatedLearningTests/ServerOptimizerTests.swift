import FederatedLearning
import Testing

@Suite struct ServerOptimizerTests {
  /// Applies the updates 1, 1, −2 to one parameter that starts at zero.
  static func trace(_ rule: ServerOptimizer) -> (x: [Double], v: [Double]) {
    var state = ServerOptimizer.State<Double>()
    var x = [0.0]
    var (xs, vs) = ([Double](), [Double]())
    for update in [1.0, 1.0, -2.0] {
      rule.apply([update], to: &x, state: &state)
      xs.append(x[0])
      vs.append(state.second.first ?? state.first.first ?? 0)
    }
    return (xs, vs)
  }

  static func near(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 } }

  // Reddi et al. 2021, Algorithm 2, by hand with β₁ .9, β₂ .99, τ 1e-3, η .01 and no bias correction.
  @Test func `adaptive rules follow the published recurrences`() {
    let adagrad = Self.trace(.adagrad(rate: 0.01, beta1: 0.9, tau: 1e-3))
    #expect(Self.near(adagrad.v, [1, 2, 6]))
    #expect(Self.near(adagrad.x, [0.000999000999001, 0.002341554554532, 0.002223210863907]))
    let adam = Self.trace(.adam(rate: 0.01, beta1: 0.9, beta2: 0.99, tau: 1e-3))
    #expect(Self.near(adam.v, [0.01, 0.0199, 0.059701]))
    #expect(Self.near(adam.x, [0.009900990099010, 0.023274927664398, 0.022092884357268]))
    let yogi = Self.trace(.yogi(rate: 0.01, beta1: 0.9, beta2: 0.99, tau: 1e-3))
    #expect(Self.near(yogi.v, [0.01, 0.02, 0.06]))
    #expect(Self.near(yogi.x, [0.009900990099010, 0.023241685976348, 0.022062579615614]))
  }

  @Test func `momentum accumulates and averaging only adds`() {
    let momentum = Self.trace(.momentum(rate: 1, beta: 0.9))
    #expect(Self.near(momentum.v, [1, 1.9, -0.29]))
    #expect(Self.near(momentum.x, [1, 2.9, 2.61]))
    #expect(Self.near(Self.trace(.averaging(rate: 0.5)).x, [0.5, 1, 0]))
  }

  /// Two clients with losses ½ Σ a(y − b)² take `steps` gradient steps from the global model each round.
  static func fixedPoint(steps: Int, mu: Double, rounds: Int) -> [Double] {
    let clients: [(a: [Double], b: [Double])] = [([1, 4], [1, 1]), ([4, 1], [-1, 2])]
    var x = [0.0, 0.0]
    var state = ServerOptimizer.State<Double>()
    for _ in 0..<rounds {
      var update = [0.0, 0.0]
      for client in clients {
        var y = x
        for _ in 0..<steps {
          for i in 0..<2 { y[i] -= 0.1 * (client.a[i] * (y[i] - client.b[i]) + mu * (y[i] - x[i])) }
        }
        for i in 0..<2 { update[i] += (y[i] - x[i]) / 2 }
      }
      ServerOptimizer.averaging(rate: 1).apply(update, to: &x, state: &state)
    }
    return x
  }

  // The closed form is Σ w b / Σ w with w = 1 − (1 − ηa)^K, and with a proximal term
  // w = (1 − (1 − η(a + μ))^K)·a/(a + μ).
  @Test func `averaging of local descent stops where the closed form says, not at the optimum`() {
    let plain = Self.fixedPoint(steps: 10, mu: 0, rounds: 400)
    #expect(abs(plain[0] + 0.20825202) < 1e-8 && abs(plain[1] - 1.39587399) < 1e-8)
    let proximal = Self.fixedPoint(steps: 10, mu: 1, rounds: 400)
    #expect(abs(proximal[0] + 0.28333751) < 1e-8 && abs(proximal[1] - 1.35833124) < 1e-8)
  }
}
