// %% [markdown]
// # Federated averaging
//
// Many clients hold data that never leaves them. In every round some of them start from the server's model, train on what
// they have, and send back what changed; the server adds the average change. McMahan and others (2017) called this
// federated averaging and asked what still matters today: how much work a client should do before it talks, and what
// happens when clients' data differ.
//
// The data are 1,797 images of handwritten digits, 8 by 8 pixels (Alpaydin and Kaynak 1998, CC BY 4.0), embedded in the
// binary. Sums are exact integers and every reduction has a fixed order, so **this page is the same to the last bit on
// every machine**, with any number of threads.

// %%
import ExactMath
import FederatedLearning
import Glibc
import PrivacyAccounting
import Reporting
import SecureRandom

let notebook = Notebook()
let digits = try DataSplit.digits()
let longest = notebook.isQuick ? 120 : 200

/// The setting that every experiment changes in one place: 50 clients, 10 of them in a round, one hidden layer.
func base() -> SimulationConfiguration {
  var settings = SimulationConfiguration(
    data: "digits", model: ModelOptions(kind: "mlp", hidden: [32]), rounds: longest)
  settings.partition = PartitionOptions(kind: "iid", clients: 50)
  settings.cohort = CohortOptions(sampling: "fixed", size: 10)
  settings.client = ClientOptions(epochs: 5, batchSize: 10, learningRate: 0.1)
  settings.quantize = QuantizeOptions(bits: 24, range: 4)
  settings.seed = 4
  return settings
}

/// Accuracy on held-out digits after every round.
func accuracies(
  rounds: Int = longest, until target: Double = 2, _ change: (inout SimulationConfiguration) -> Void
) throws -> [Double] {
  var settings = base()
  settings.rounds = rounds
  change(&settings)
  var simulation = Simulation(try SimulationPlan(settings, data: digits))
  let result = try simulation.run { ($0.accuracy ?? 0) < target }
  return result.rounds.map { $0.accuracy ?? 0 }
}

func points(_ values: [Double]) -> [Plot.Point] {
  values.enumerated().map { Plot.Point(Double($0.offset + 1), $0.element) }
}

/// The first round at which a target was met.
func round(_ values: [Double], reaching target: Double) -> Int? {
  values.firstIndex { $0 >= target }.map { $0 + 1 }
}

func text(_ round: Int?, of rounds: Int) -> String { round.map { "\($0)" } ?? "> \(rounds)" }

// %% [markdown]
// ## Two ways to deal the digits
//
// *IID*: every client gets a random hand. *Shards*: the images are sorted by digit, cut into 100 pieces, and every client
// gets two, so that most clients see only two digits. This is what each of the first clients holds.

// %%
func hands(_ kind: String, shards: Int?) throws -> [[Double]] {
  var settings = base()
  settings.partition = PartitionOptions(kind: kind, clients: 50, shardsPerClient: shards)
  let plan = try SimulationPlan(settings, data: digits)
  return plan.clients.prefix(8).map { examples in
    var counts = [Double](repeating: 0, count: 10)
    for example in examples { counts[Int(digits.training.labels[Int(example)])] += 1 }
    return counts
  }
}

let dealt = [("IID", try hands("iid", shards: nil)), ("Shards", try hands("shards", shards: 2))]
notebook.show(
  Facets(
    title: "Images of each digit at eight clients",
    description: "IID clients hold a few of every digit; shard clients hold many of two or three digits.",
    panels: dealt.map { name, counts in
      .heatMap(
        HeatMap(
          title: name, description: "Rows are clients, columns digits.", columns: (0..<10).map { "\($0)" },
          rows: (1...8).map { "client \($0)" }, values: counts, range: 0...30))
    }, panelWidth: 320))
let kinds = dealt.map { _, counts in counts.map { $0.count { $0 > 0 } } }
notebook.check("a shard client holds at most four digits", kinds[1].allSatisfy { $0 <= 4 })
notebook.check("an IID client holds at least six", kinds[0].allSatisfy { $0 >= 6 })

// %% [markdown]
// ## Work before talking
//
// Federated *SGD* takes one gradient on everything a client has and talks. Federated *averaging* takes B examples at a
// time and goes E times through the data first. Rounds are what is expensive: a phone talks slowly and computes fast.

// %%
let target = 0.9
let settingsOfWork: [(name: String, epochs: Int, batch: Int)] = [
  ("FedSGD (E = 1, B = all)", 1, 0), ("E = 1, B = 10", 1, 10), ("E = 5, B = 10", 5, 10), ("E = 20, B = 10", 20, 10),
]
var table = Table(
  caption: "Rounds to an accuracy of 0.90",
  columns: [.text("work of a client"), .number("updates a round"), .number("IID"), .number("shards")])
var panels: [Plot] = []
var needed: [[Int]] = []
for (name, epochs, batch) in settingsOfWork { needed.append([]); _ = (name, epochs, batch) }
for (title, kind, shards) in [("IID", "iid", nil as Int?), ("Shards", "shards", 2)] {
  var series: [Plot.Series] = []
  for (index, work) in settingsOfWork.enumerated() {
    let values = try accuracies { settings in
      settings.partition = PartitionOptions(kind: kind, clients: 50, shardsPerClient: shards)
      settings.client = ClientOptions(epochs: work.epochs, batchSize: work.batch, learningRate: 0.4)
    }
    needed[index].append(round(values, reaching: target) ?? longest + 1)
    series.append(.line(work.name, points(values), markers: false))
  }
  panels.append(
    Plot(
      title: title, description: "More work a round climbs faster.", x: Plot.Axis("round"),
      y: Plot.Axis("accuracy", range: 0...1), series: series, rules: [Plot.Rule("0.90", at: target)]))
}
for (work, rounds) in zip(settingsOfWork, needed) {
  let images = Double(digits.training.count) / 50
  let updates = work.batch == 0 ? 1 : Double(work.epochs) * (images / Double(work.batch)).rounded(.up)
  table.add(
    [work.name, NumberText.fixed(updates, decimals: 0)]
      + rounds.map { text($0 > longest ? nil : $0, of: longest) })
}
notebook.show(
  Facets(
    title: "Accuracy against rounds", description: "More local work needs fewer rounds, more so when data are IID.",
    plots: panels, panelWidth: 320))
notebook.show(table)
notebook.check(
  "on IID data five local epochs need at most a quarter of the rounds of federated SGD",
  needed[2][0] * 4 <= needed[0][0])
notebook.check(
  "clients that differ never make it faster", needed.allSatisfy { $0[1] >= $0[0] })

// %% [markdown]
// ## Slow clients
//
// In a real fleet most clients are slow. Here nine in ten get through only part of their epochs. A server that drops them
// learns from few; one that takes partial work (FedProx, Li and others 2020) learns from all. The proximal term of FedProx
// holds clients near the server's model, so that partial work and full work pull the same way.

// %%
let straggling = notebook.isQuick ? 40 : 100
func stragglers(_ send: String, _ algorithm: AlgorithmOptions) throws -> [Double] {
  try accuracies(rounds: straggling) { settings in
    settings.partition = PartitionOptions(kind: "shards", clients: 50, shardsPerClient: 2)
    settings.client = ClientOptions(epochs: 10, batchSize: 10, learningRate: 0.05)
    settings.devices = DeviceOptions(stragglers: 0.9, stragglersSend: send)
    settings.algorithm = algorithm
  }
}
let dropped = try stragglers("nothing", AlgorithmOptions(kind: "fedavg"))
let partial = try stragglers("partial", AlgorithmOptions(kind: "fedavg"))
let proximal = try stragglers("partial", AlgorithmOptions(kind: "fedprox", mu: 0.1))
notebook.show(
  Plot(
    title: "Nine in ten clients are slow, shards",
    description: "Dropping slow clients is jagged and lower than taking their partial work.",
    x: Plot.Axis("round"), y: Plot.Axis("accuracy", range: 0...1),
    series: [
      .line("FedAvg, slow ones dropped", points(dropped), markers: false),
      .line("FedAvg, partial work", points(partial), markers: false),
      .line("FedProx, μ = 0.1", points(proximal), markers: false),
    ]))
func late(_ values: [Double]) -> Double { values.suffix(20).reduce(0, +) / Double(min(20, values.count)) }
notebook.show(
  "mean accuracy of the last 20 rounds: dropped \(NumberText.fixed(late(dropped), decimals: 3)), "
    + "partial \(NumberText.fixed(late(partial), decimals: 3)), FedProx \(NumberText.fixed(late(proximal), decimals: 3))"
)
notebook.check("taking partial work is better than dropping it", late(partial) > late(dropped))
notebook.check("so is FedProx", late(proximal) > late(dropped))

// %% [markdown]
// ## Clients that pull apart
//
// With two digits each and a lot of local work, every client's model drifts towards its own digits, and the average of the
// drifted models is worse than any step of the whole. SCAFFOLD (Karimireddy and others 2020) sends along the direction in
// which everybody is going, and each client corrects its steps by the difference. It costs a second vector a round.

// %%
func drifting(_ kind: String) throws -> [Double] {
  try accuracies(rounds: straggling) { settings in
    settings.partition = PartitionOptions(kind: "shards", clients: 50, shardsPerClient: 2)
    settings.client = ClientOptions(epochs: 5, batchSize: 10, learningRate: 0.05)
    settings.algorithm = AlgorithmOptions(kind: kind)
  }
}
let averaged = try drifting("fedavg")
let corrected = try drifting("scaffold")
notebook.show(
  Plot(
    title: "Drift corrected, shards", description: "SCAFFOLD climbs more steadily than federated averaging.",
    x: Plot.Axis("round"), y: Plot.Axis("accuracy", range: 0...1),
    series: [
      .line("FedAvg", points(averaged), markers: false), .line("SCAFFOLD", points(corrected), markers: false),
    ]))
/// How far accuracy falls from one round to the next, on average.
func jitter(_ values: [Double]) -> Double {
  let falls = zip(values, values.dropFirst()).map { max($0 - $1, 0) }
  return falls.reduce(0, +) / Double(max(falls.count, 1))
}
notebook.show(
  "mean accuracy of the last 20 rounds: FedAvg \(NumberText.fixed(late(averaged), decimals: 3)), "
    + "SCAFFOLD \(NumberText.fixed(late(corrected), decimals: 3)); "
    + "mean fall a round: \(NumberText.fixed(jitter(averaged), decimals: 4)) and \(NumberText.fixed(jitter(corrected), decimals: 4))"
)
notebook.check("SCAFFOLD ends higher than federated averaging", late(corrected) > late(averaged))
notebook.check("and falls back less on the way", jitter(corrected) < jitter(averaged))

// %% [markdown]
// ## What to take away
//
// - Local work saves rounds, by an order of magnitude when data are alike, by less when they differ.
// - Take partial work; never let the slow clients vote with silence.
// - When clients pull apart, correct the drift or do less between rounds.
//
// Any of these settings is a file: `tacit simulate --print-config` lists every key.

// %%
notebook.finish()
