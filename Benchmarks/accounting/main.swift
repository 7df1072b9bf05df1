import Glibc
import PrivacyAccounting

/// Times one question, best of several runs, and prints the certified bounds.
func measure(_ text: String, _ delta: String, _ accountant: any Accountant, runs: Int = 5) throws {
  let event = try PrivacyEvent(parsing: text)
  let delta = try Delta(delta)
  let clock = ContinuousClock()
  var best = Double.infinity
  var bounds = Bounds(lower: nil, upper: .infinity)
  for _ in 0..<runs {
    let start = clock.now
    bounds = try accountant.epsilon(of: event, delta: delta, adjacency: .addOrRemove)
    best = min(best, start.duration(to: clock.now) / .milliseconds(1))
  }
  let milliseconds = (best * 100).rounded() / 100
  print(
    "\(accountant.name)  \(milliseconds) ms  \(bounds)  width \(bounds.width.map { "\($0)" } ?? "-")  \(text) at \(delta)"
  )
  fflush(nil)
}

let cases = [
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000", "1e-5"),
  ("poisson(rate=256/60000, gaussian(sigma=0.8)) * 14063", "1e-5"),
  ("poisson(rate=0.001, gaussian(sigma=1.1)) * 100000", "1e-5"),
  ("poisson(rate=0.1, gaussian(sigma=2)) * 10000", "1e-5"),
  ("poisson(rate=0.01, gaussian(sigma=4)) * 1000000", "1e-6"), ("laplace(scale=20) * 100", "1e-6"),
  ("poisson(rate=0.01, gaussian(sigma=1)) * 1000 + laplace(scale=10) * 5", "1e-100"),
]
for (text, delta) in cases {
  try measure(text, delta, LossDistributionAccountant())
}
for (text, delta) in cases.prefix(4) {
  try measure(text, delta, LossDistributionAccountant(tolerance: 1e-4), runs: 2)
  try measure(text, delta, RenyiAccountant(), runs: 2)
}
