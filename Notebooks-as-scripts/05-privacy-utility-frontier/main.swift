// %% [markdown]
// # The privacy–utility frontier
//
// How much accuracy does an ε cost, and what moves the curve? The same digits are trained with noise in three places, with
// fixed and with adaptive clipping, with sampled cohorts, with noise that is correlated over rounds, and with more and
// fewer clients. All ε are for the whole training, certified, with *a client and everything it holds* as the unit.
//
// **The noise on this page is simulated**: it comes from a seed, so that the page can be made again to the last bit. Such
// a run protects nobody; `tacit` prints its ε as *epsilon if deployed*.

// %%
import ExactMath
import FederatedLearning
import Glibc
import PrivacyAccounting
import Reporting
import SecureRandom

let notebook = Notebook()
let digits = try DataSplit.digitOrientations()
let seeds: [UInt64] = notebook.isQuick ? [1, 2] : [1, 2, 3, 4, 5]
let levels: [Rational] = notebook.isQuick ? [1, 4] : [Rational(1, 2), 1, 2, 4, 8]

/// 359 clients of four images each, all in each of six rounds; the server adds noise to the clipped sum.
func base(_ epsilon: Rational?, _ seed: UInt64) -> SimulationConfiguration {
  var settings = SimulationConfiguration.digitsDemonstration(epsilon: epsilon, seed: seed)
  settings.privacy?.placement = "central"
  settings.privacy?.noiseSource = "simulated"
  settings.evaluation = EvaluationOptions(every: settings.rounds)
  return settings
}

/// The mean accuracy over the seeds, with one standard error on each side.
func accuracy(
  _ epsilon: Rational?, _ change: (inout SimulationConfiguration) -> Void
) throws -> (mean: Double, error: Double) {
  var values: [Double] = []
  for seed in seeds {
    var settings = base(epsilon, seed)
    change(&settings)
    settings.evaluation = EvaluationOptions(every: settings.rounds)
    var simulation = Simulation(try SimulationPlan(settings, data: digits))
    let result = try simulation.run()
    values.append(result.finalAccuracy ?? 0)
  }
  let mean = values.reduce(0, +) / Double(values.count)
  let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count - 1, 1))
  return (mean, (square / Double(values.count)).squareRoot())
}

func curve(_ change: (inout SimulationConfiguration) -> Void) throws -> [Plot.Point] {
  try levels.map { level in
    let (mean, error) = try accuracy(level, change)
    return Plot.Point(level.doubleValue, mean, interval: (mean - error)...(mean + error))
  }
}

let epsilonAxis = Plot.Axis("ε of the whole training, δ = 1e-4", scale: .logarithmic, ticks: levels.map(\.doubleValue))
let open = try accuracy(nil) { _ in }
let without = Plot.Rule(
  "no privacy", at: open.mean, interval: (open.mean - open.error)...(open.mean + open.error))
notebook.show("accuracy without privacy: \(NumberText.fixed(open.mean, decimals: 3))")

// %% [markdown]
// ## Who adds the noise
//
// *Central*: the server sees every update and adds noise once. *Distributed*: every client adds a share before its update
// is summed under encryption, so nobody sees a bare update or a bare sum, and the shares add up to what the server would
// have added. *Local*: every client adds all the noise by itself and trusts nobody; the sum then carries the noise of all.

// %%
let central = try curve { _ in }
let distributed = try curve { $0.privacy?.placement = "distributed" }
let local = try curve { $0.privacy?.placement = "local" }
notebook.show(
  Plot(
    title: "Where the noise is added",
    description: "Central and distributed noise lie together near the line without privacy; local noise is far below.",
    x: epsilonAxis, y: Plot.Axis("accuracy", range: 0...1),
    series: [
      .line("central", central, intervals: .bars), .line("distributed", distributed, intervals: .bars),
      .line("local", local, intervals: .bars),
    ], rules: [without]))
notebook.check(
  "distributed noise costs at most six points of accuracy more than central noise",
  zip(central, distributed).allSatisfy { $0.y - $1.y <= 0.06 })
notebook.check(
  "local noise is far behind at every ε", zip(central, local).allSatisfy { $0.y - $1.y >= 0.2 })
notebook.check(
  "without privacy is best, within a point", central.allSatisfy { $0.y <= open.mean + 0.01 })

// %% [markdown]
// The difference between central and local is a factor of √n in the noise, n clients. Secure aggregation buys that factor
// without asking for trust in the server. It is the reason to encrypt.
//
// ## How to clip
//
// Noise is proportional to the clip. A small clip keeps noise low and cuts updates short; a large one keeps updates and
// drowns them. *Adaptive* clipping follows a quantile of the norms, privately, at the price of a little of the budget
// (Andrew and others 2021).

// %%
let clips = [Rational(1, 20), Rational(7, 20), Rational(5, 2)]
var clipping: [Plot.Series] = []
var byClip: [[Plot.Point]] = []
for clip in clips {
  let points = try curve { $0.privacy?.clip = ExactNumber(clip) }
  byClip.append(points)
  clipping.append(.line("clip \(clip.decimalDescription)", points, intervals: .bars))
}
let adaptive = try curve { settings in
  settings.privacy?.clip = nil
  settings.privacy?.adaptsClip = true
  settings.privacy?.initialClip = ExactNumber(Rational(1, 20))
  settings.privacy?.clipLearningRate = 0.6
}
clipping.append(.line("adaptive, from 0.05", adaptive, intervals: .bars))
notebook.show(
  Plot(
    title: "The clip",
    description: "A clip too small or too large loses; the adaptive clip recovers from a bad start.",
    x: epsilonAxis, y: Plot.Axis("accuracy", range: 0...1), series: clipping, rules: [without]))
notebook.check(
  "the clip in the middle beats the largest at every ε", zip(byClip[1], byClip[2]).allSatisfy { $0.y > $1.y })

// %% [markdown]
// ## Rounds, cohorts and correlated noise
//
// Instead of asking everybody in each of a few rounds, ask a random quarter in many rounds: *amplification by sampling*
// makes each round cheap, if the server can keep secret who was asked. If it cannot, DP-FTRL (Kairouz and others 2021) adds
// noise to running sums, so that noise of different rounds cancels, and needs no randomness in who takes part.

// %%
func sampled(_ settings: inout SimulationConfiguration) {
  settings.rounds = 24
  settings.cohort = CohortOptions(sampling: "poisson", rate: ExactNumber(Rational(1, 4)))
  settings.privacy?.noise = "gaussian"
}
func unsampled(_ settings: inout SimulationConfiguration) {
  settings.rounds = 24
}
func correlated(_ settings: inout SimulationConfiguration) {
  settings.rounds = 24
  settings.cohort = CohortOptions(sampling: "min-separation", size: 89, separation: 3)
  settings.privacy?.mechanism = "tree"
  settings.privacy?.noise = "gaussian"
}
let many = try curve(unsampled)
let poisson = try curve(sampled)
let tree = try curve(correlated)
notebook.show(
  Plot(
    title: "Twenty-four rounds",
    description: "Three ways to spend the budget over 24 rounds, beside six rounds with all.",
    x: epsilonAxis, y: Plot.Axis("accuracy", range: 0...1),
    series: [
      .line("6 rounds, all clients", central, intervals: .bars),
      .line("24 rounds, all clients", many, intervals: .bars),
      .line("24 rounds, a random quarter", poisson, intervals: .bars),
      .line("24 rounds, DP-FTRL", tree, intervals: .bars),
    ], rules: [without]))
let last = levels.count - 1
notebook.check(
  "four times the rounds do not make up for twice the noise", central[0].y > many[0].y)

// %% [markdown]
// ## The cheapest accuracy is more clients
//
// At a fixed ε the noise on the *sum* is fixed, so the noise on the *average* falls as one over the number of clients.
// The same images are dealt to fewer clients with more images each, and to more with one.

// %%
let crowds = notebook.isQuick ? [60, 359, 1_437] : [60, 120, 240, 359, 718, 1_437]
var byCrowd: [Plot.Point] = []
for clients in crowds {
  let (mean, error) = try accuracy(2) { settings in
    settings.partition = PartitionOptions(kind: "iid", clients: clients)
  }
  byCrowd.append(Plot.Point(Double(clients), mean, interval: (mean - error)...(mean + error)))
}
notebook.show(
  Plot(
    title: "More clients, ε = 2", description: "Accuracy climbs steeply with the number of clients.",
    x: Plot.Axis("clients", scale: .logarithmic, ticks: crowds.map(Double.init)),
    y: Plot.Axis("accuracy", range: 0...1), series: [.line("ε = 2", byCrowd, intervals: .bars)], rules: [without]))
notebook.check(
  "the most clients are better than the fewest by at least 20 points",
  (byCrowd.last?.y ?? 0) - (byCrowd.first?.y ?? 1) >= 0.2)

// %% [markdown]
// ## The frontier
//
// Everything on one chart, then in figures: the mean accuracy at each ε, with one standard error on each side. Unless a
// name says otherwise there are 359 clients in each of six rounds, and the noise is central. Points of one ε stand side
// by side so that no bar hides another.

// %%
let few = try curve { $0.partition = PartitionOptions(kind: "iid", clients: 120) }
let most = try curve { $0.partition = PartitionOptions(kind: "iid", clients: 1_437) }
let all: [(String, [Plot.Point])] = [
  ("1,437 clients", most), ("central", central), ("distributed", distributed), ("adaptive clip", adaptive),
  ("24 rounds, sampled", poisson), ("24 rounds, DP-FTRL", tree), ("120 clients", few), ("local", local),
]

/// The points of one of several series, moved along the logarithmic axis by at most a twelfth of an octave.
func beside(_ points: [Plot.Point], _ place: Int) -> [Plot.Point] {
  let shift = pow(2, (Double(place) - Double(all.count - 1) / 2) / Double(all.count - 1) / 6)
  return points.map { Plot.Point($0.x * shift, $0.y, interval: $0.interval) }
}

notebook.show(
  Plot(
    title: "The privacy–utility frontier",
    description: "More clients lie above everything else, local noise below; the other settings differ by less.",
    x: epsilonAxis, y: Plot.Axis("accuracy", range: 0...1),
    series: all.enumerated().map { .line($1.0, beside($1.1, $0), intervals: .bars) }, rules: [without]))
notebook.check(
  "the most clients are on the frontier at every ε, within three points",
  levels.indices.allSatisfy { level in all.allSatisfy { most[level].y >= $0.1[level].y - 0.03 } })
var table = Table(
  caption: "Mean accuracy ± one standard error",
  columns: [.text("setting")] + levels.map { .number("ε = \($0.decimalDescription)") })
for (name, points) in all {
  table.add(
    [name]
      + points.map { point in
        let error = point.interval.map { ($0.upperBound - $0.lowerBound) / 2 } ?? 0
        return NumberText.fixed(point.y, decimals: 3) + " ± " + NumberText.fixed(error, decimals: 3)
      })
}
notebook.show(table)
notebook.check(
  "a larger ε is never worse by more than three points, in any setting",
  all.allSatisfy { _, points in zip(points, points.dropFirst()).allSatisfy { $1.y >= $0.y - 0.03 } })

// %% [markdown]
// ## What to choose
//
// | you can | choose |
// |---|---|
// | trust the server | central noise |
// | run secure aggregation | distributed noise: the same accuracy, without the trust |
// | do neither | local noise, and expect to need a hundred times the clients |
// | keep secret who takes part | sampled cohorts |
// | not control who takes part | DP-FTRL |
// | not guess a clip | adaptive clipping |
// | recruit | more clients, before anything else |

// %%
notebook.finish()
