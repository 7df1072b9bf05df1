import ExactMath
import Glibc
import PrivacyAccounting

/// Times one question, best of several runs, and prints the certified bounds.
func measure(_ text: String, _ delta: String, _ accountant: any Accountant, runs: Int = 5) throws {
  let event = try PrivacyEvent(parsing: text)
  let mass = try Delta(delta)
  var bounds = Bounds(lower: nil, upper: .infinity)
  let best = try milliseconds(runs) {
    bounds = try accountant.epsilon(of: event, delta: mass, adjacency: .addOrRemove)
  }
  let width = bounds.width.map { "\($0)" } ?? "-"
  print("\(accountant.name)\t\(best) ms\t\(bounds)\twidth \(width)\t\(text) at \(delta)")
  fflush(nil)
}

/// The best processor time of several runs, in milliseconds.
func milliseconds(_ runs: Int, _ body: () throws -> Void) rethrows -> Double {
  var best = Double.infinity
  for _ in 0..<runs {
    let start = clock()
    try body()
    best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1_000)
  }
  return (best * 100).rounded() / 100
}

/// Calibrates σ with loss distributions alone.
func calibrate(_ text: String, _ epsilon: String, _ delta: String) throws {
  let template = try EventTemplate(parsing: text)
  let (target, mass) = (try Epsilon(epsilon), try Delta(delta))
  var found: CalibratedParameter?
  let best = try milliseconds(2) {
    found = try Calibration.solve(
      template, epsilon: target, delta: mass, adjacency: .addOrRemove, accountant: LossDistributionAccountant())
  }
  let value = found.map { "\($0.parameter) = \($0.value.doubleValue), epsilon \($0.epsilon)" } ?? "-"
  print("calibrate\t\(best) ms\t\(value)\t\(text) for (\(epsilon), \(delta))")
  fflush(nil)
}

let cases = [
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000", "1e-5"),
  ("poisson(rate=256/60000, gaussian(sigma=0.8)) * 14063", "1e-5"),
  ("poisson(rate=0.001, gaussian(sigma=1.1)) * 100000", "1e-5"),
  ("poisson(rate=0.1, gaussian(sigma=2)) * 10000", "1e-5"),
]
let arguments = CommandLine.arguments.dropFirst()
if arguments.count >= 2, let event = arguments.first {
  // One question: the event, its delta and, if need be, the accountant.
  let name = arguments.count > 2 ? arguments[arguments.startIndex + 2] : "pld"
  guard let accountant = AccountantCatalog.named(name) else { fatalError("no accountant is called \(name)") }
  try measure(event, arguments[arguments.startIndex + 1], accountant)
  exit(0)
}
print("Certified bounds, processor time, best of 5")
for (text, delta) in cases { try measure(text, delta, LossDistributionAccountant()) }
for (text, delta) in cases { try measure(text, delta, RenyiAccountant(), runs: 2) }
print("Steps")
for exponent in 2...6 {
  let steps = "1" + String(repeating: "0", count: exponent)
  try measure("poisson(rate=0.01, gaussian(sigma=4)) * \(steps)", "1e-6", LossDistributionAccountant())
}
print("Other laws")
for (text, delta) in [
  ("laplace(scale=20) * 100", "1e-6"), ("laplace(scale=20) * 1000", "1e-6"), ("laplace(scale=0.5) * 10", "1e-50"),
  ("discrete-laplace(scale=8, sensitivity=3) * 20", "1e-6"), ("epsilon-delta(epsilon=1, delta=0) * 30", "1e-100"),
  ("poisson(rate=0.2, discrete-gaussian(sigma=4)) * 30", "1e-6"), ("poisson(rate=0.3, gaussian(sigma=1))", "1e-7"),
  ("poisson(rate=0.001, gaussian(sigma=0.5)) * 100", "1e-6"),
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000 + laplace(scale=10) * 5", "1e-100"),
] {
  try measure(text, delta, LossDistributionAccountant(), runs: 2)
}
print("Calibration")
try calibrate("poisson(rate=0.01, gaussian(sigma=?)) * 1000", "2", "1e-5")
try calibrate("poisson(rate=256/60000, gaussian(sigma=?)) * 14063", "4", "1e-5")
try calibrate("poisson(rate=0.01, gaussian(sigma=1)) * ?", "2", "1e-5")
Peers.measure()
