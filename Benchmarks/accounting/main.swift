import BenchmarkSupport
import ExactMath
import PrivacyAccounting

// Certified bounds and how long they take, beside dp-accounting and prv-accountant in one run.

let benchmark = Benchmark(
  "accounting",
  about: "Certified bounds on epsilon and delta and their time, beside dp-accounting and prv-accountant.",
  options: [
    .python,
    BenchmarkOption("event", "EVENT", "instead: this one event, such as 'laplace(scale=20) * 100'"),
    BenchmarkOption("delta", "DELTA", "with --event: its delta, 1e-6 unless given"),
    BenchmarkOption("accountant", "NAME", "with --event: the accountant, pld unless given"),
  ])
let peers = (benchmark.python ?? Peers.named).map { Peers(python: $0, benchmark) }

/// Times one question and reports the certified bounds.
@MainActor func measure(_ text: String, _ delta: String, _ accountant: any Accountant) throws {
  let name = "\(accountant.name): \(text) at \(delta)"
  guard benchmark.wants(name) else { return }
  let event = try PrivacyEvent(parsing: text)
  let mass = try Delta(delta)
  var bounds = Bounds(lower: nil, upper: .infinity)
  try benchmark.measure(name, unit: "answers", note: { said(bounds) }) {
    bounds = try accountant.epsilon(of: event, delta: mass, adjacency: .addOrRemove)
  }
}

func said(_ bounds: Bounds) -> String {
  let width = bounds.lower.map { ", width \(Float(bounds.upper - $0))" } ?? ""
  return "ε in [\(bounds.lower.map { "\($0)" } ?? "-"), \(bounds.upper)]\(width)"
}

/// Calibrates σ or steps with loss distributions alone.
@MainActor func calibrate(_ text: String, _ epsilon: String, _ delta: String) throws {
  let name = "calibrate: \(text) for (\(epsilon), \(delta))"
  guard benchmark.wants(name) else { return }
  let template = try EventTemplate(parsing: text)
  let (target, mass) = (try Epsilon(epsilon), try Delta(delta))
  var found: CalibratedParameter?
  try benchmark.measure(
    name, unit: "answers", note: { found.map { "\($0.parameter) = \($0.value.doubleValue), \(said($0.epsilon))" } }
  ) {
    found = try Calibration.solve(
      template, epsilon: target, delta: mass, adjacency: .addOrRemove, accountant: LossDistributionAccountant())
  }
}

if let text = benchmark.text("event") {
  let name = benchmark.text("accountant") ?? "pld"
  guard let accountant = AccountantCatalog.named(name) else { benchmark.refuse("no accountant is called \(name)") }
  let delta = benchmark.text("delta") ?? "1e-6"
  do { try measure(text, delta, accountant) } catch { benchmark.refuse("\(error)") }
  benchmark.finish()
}
let cases = [
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000", "1e-5"),
  ("poisson(rate=256/60000, gaussian(sigma=0.8)) * 14063", "1e-5"),
  ("poisson(rate=0.001, gaussian(sigma=1.1)) * 100000", "1e-5"),
  ("poisson(rate=0.1, gaussian(sigma=2)) * 10000", "1e-5"),
]
for (index, (text, delta)) in cases.enumerated() where !benchmark.isQuick || index < 2 {
  try measure(text, delta, LossDistributionAccountant())
  peers?.measure(index, "\(text) at \(delta)")
}
if peers == nil {
  benchmark.note("dp-accounting, prv-accountant: not measured; --python names a Python that has them")
}
peers?.finish()
for (text, delta) in cases { try measure(text, delta, RenyiAccountant()) }
for exponent in 2...6 where !benchmark.isQuick || exponent == 4 {
  let steps = "1" + String(repeating: "0", count: exponent)
  try measure("poisson(rate=0.01, gaussian(sigma=4)) * \(steps)", "1e-6", LossDistributionAccountant())
}
let others = [
  ("laplace(scale=20) * 100", "1e-6"), ("laplace(scale=20) * 1000", "1e-6"), ("laplace(scale=0.5) * 10", "1e-50"),
  ("discrete-laplace(scale=8, sensitivity=3) * 20", "1e-6"), ("epsilon-delta(epsilon=1, delta=0) * 30", "1e-100"),
  ("poisson(rate=0.2, discrete-gaussian(sigma=4)) * 30", "1e-6"), ("poisson(rate=0.3, gaussian(sigma=1))", "1e-7"),
  ("poisson(rate=0.001, gaussian(sigma=0.5)) * 100", "1e-6"),
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000 + laplace(scale=10) * 5", "1e-100"),
  ("poisson(rate=0.1, laplace(scale=1)) * 30", "1e-6"),
]
if !benchmark.isQuick {
  for (text, delta) in others { try measure(text, delta, LossDistributionAccountant()) }
}
try calibrate("poisson(rate=0.01, gaussian(sigma=?)) * 1000", "2", "1e-5")
try calibrate("poisson(rate=256/60000, gaussian(sigma=?)) * 14063", "4", "1e-5")
try calibrate("poisson(rate=0.01, gaussian(sigma=1)) * ?", "2", "1e-5")
benchmark.finish()
