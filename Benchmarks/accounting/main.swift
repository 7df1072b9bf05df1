import ExactMath
import Glibc
import PrivacyAccounting

/// Times one question, best of several runs, and reports the certified bounds.
func measure(_ text: String, _ delta: String, _ accountant: any Accountant, runs: Int = 5) throws {
  let event = try PrivacyEvent(parsing: text)
  let mass = try Delta(delta)
  var bounds = Bounds(lower: nil, upper: .infinity)
  let best = try milliseconds(runs) {
    bounds = try accountant.epsilon(of: event, delta: mass, adjacency: .addOrRemove)
  }
  Report.add(
    Row(
      accountant: accountant.name, milliseconds: best, lower: bounds.lower, upper: bounds.upper,
      question: "\(text) at \(delta)"))
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
  guard let found else { return }
  Report.add(
    Row(
      accountant: "calibrate", milliseconds: best, lower: found.epsilon.lower, upper: found.epsilon.upper,
      question: "\(text) for (\(epsilon), \(delta)): \(found.parameter) = \(found.value.doubleValue)"))
}

let cases = [
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000", "1e-5"),
  ("poisson(rate=256/60000, gaussian(sigma=0.8)) * 14063", "1e-5"),
  ("poisson(rate=0.001, gaussian(sigma=1.1)) * 100000", "1e-5"),
  ("poisson(rate=0.1, gaussian(sigma=2)) * 10000", "1e-5"),
]
let arguments = CommandLine.arguments.dropFirst().filter { $0 != "--json" }
if arguments.count >= 2, let event = arguments.first {
  // One question: the event, its delta and, if need be, the accountant.
  let name = arguments.count > 2 ? arguments[2] : "pld"
  guard let accountant = AccountantCatalog.named(name) else { fatalError("no accountant is called \(name)") }
  try measure(event, arguments[1], accountant)
  Report.finish()
  exit(0)
}
Report.section("Certified bounds, processor time, best of 5; peers beside them")
for (index, (text, delta)) in cases.enumerated() {
  try measure(text, delta, LossDistributionAccountant())
  for row in Peers.measure(index) { Report.add(row) }
}
if Peers.python == nil {
  Report.section("Peers absent: set TACIT_PEERS_PYTHON to a Python with dp-accounting 0.6.0 and prv-accountant 0.2.0")
}
for (text, delta) in cases { try measure(text, delta, RenyiAccountant(), runs: 2) }
Report.section("Steps")
for exponent in 2...6 {
  let steps = "1" + String(repeating: "0", count: exponent)
  try measure("poisson(rate=0.01, gaussian(sigma=4)) * \(steps)", "1e-6", LossDistributionAccountant())
}
Report.section("Other laws")
for (text, delta) in [
  ("laplace(scale=20) * 100", "1e-6"), ("laplace(scale=20) * 1000", "1e-6"), ("laplace(scale=0.5) * 10", "1e-50"),
  ("discrete-laplace(scale=8, sensitivity=3) * 20", "1e-6"), ("epsilon-delta(epsilon=1, delta=0) * 30", "1e-100"),
  ("poisson(rate=0.2, discrete-gaussian(sigma=4)) * 30", "1e-6"), ("poisson(rate=0.3, gaussian(sigma=1))", "1e-7"),
  ("poisson(rate=0.001, gaussian(sigma=0.5)) * 100", "1e-6"),
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000 + laplace(scale=10) * 5", "1e-100"),
  ("poisson(rate=0.1, laplace(scale=1)) * 30", "1e-6"),
] {
  try measure(text, delta, LossDistributionAccountant(), runs: 2)
}
Report.section("Calibration")
try calibrate("poisson(rate=0.01, gaussian(sigma=?)) * 1000", "2", "1e-5")
try calibrate("poisson(rate=256/60000, gaussian(sigma=?)) * 14063", "4", "1e-5")
try calibrate("poisson(rate=0.01, gaussian(sigma=1)) * ?", "2", "1e-5")
Report.finish()
