// %% [markdown]
// # Laplace and Gaussian from zero
//
// What ε means, seen as distributions; why the noise must be exact, seen as an attack. Every claim below is checked
// when this page is made, and a claim that fails fails the run.
//
// The draws are from a seeded generator, so that the page can be made again bit for bit. **A seed is for
// demonstrations: a real release takes none.**

// %%
import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import PrivacyAuditing
import Reporting
import SecureRandom

let notebook = Notebook()
let draws = notebook.isQuick ? 40_000 : 400_000
let seed = SimulationGenerator(seed: 1, stream: "laplace and gaussian")

// %% [markdown]
// ## Two worlds that must look alike
//
// Somebody counts the people in a room and publishes the count with noise. With you the count is 11, without you it is
// 10. The noise is *discrete Laplace*: every whole number x has probability proportional to e^(−|x|/scale). With scale 2
// and a count that one person changes by 1, each published number is at most e^(1/2) times as likely in one world as in
// the other. That ½ is ε: the most that an answer can tell about you, in nats, whoever reads it and whatever they know.

// %%
let scale = 2.0
let epsilon = 1 / scale

/// The probability of a published number, from the formula of the law.
func probability(of published: Int, count: Int) -> Double {
  let q = exp(-1 / scale)
  return (1 - q) / (1 + q) * pow(q, Double(abs(published - count)))
}

let shown = Array(0...21)
notebook.show(
  Plot(
    title: "The two worlds", description: "Two peaks, one at 10 and one at 11, of the same two-sided geometric shape.",
    x: Plot.Axis("published number"), y: Plot.Axis("probability"),
    series: [
      .line("without you", shown.map { Plot.Point(Double($0), probability(of: $0, count: 10)) }),
      .line("with you", shown.map { Plot.Point(Double($0), probability(of: $0, count: 11)) }),
    ]))

let ratios = shown.map { probability(of: $0, count: 11) / probability(of: $0, count: 10) }
let worst = ratios.map { max($0, 1 / $0) }.max() ?? .nan
notebook.show(
  "largest ratio \(NumberText.fixed(worst, decimals: 6)), e^ε \(NumberText.fixed(exp(epsilon), decimals: 6))")
notebook.check(
  "no published number is more than e^ε times as likely in one world as in the other",
  worst <= exp(epsilon) * (1 + 1e-12))

// %% [markdown]
// A mechanism in Tacit carries this statement as an *event*, and an accountant turns the event into ε. Nobody types the
// ε beside the noise, so the two cannot drift apart.

// %%
let laplace = try DiscreteLaplaceMechanism(scale: 2)
let cost = try PureAccountant().epsilon(of: laplace.event, delta: Delta(0), adjacency: .addOrRemove)
notebook.show("\(laplace.event) costs ε ≤ \(cost.upper)")
notebook.check(
  "the accountant says the same ε as the picture", cost.upper >= epsilon && cost.upper < epsilon * 1.000_001)

// %% [markdown]
// ## The noise has the law it claims
//
// The sampler uses whole numbers only (Canonne, Kamath and Steinke 2020). Here are its draws beside the formula. The
// bars are five standard errors wide: for each of the numbers shown, a right sampler leaves its bar less than once in a
// million pages.

// %%
var stream = seed.substream("law")
let published = laplace.simulated(draws, around: 10, using: &stream)
var counts = [Int: Int]()
for value in published { counts[Int(value), default: 0] += 1 }

let measured = shown.map { number -> Plot.Point in
  let share = Double(counts[number, default: 0]) / Double(draws)
  let error = 5 * (probability(of: number, count: 10) / Double(draws)).squareRoot()
  return Plot.Point(Double(number), share, interval: (share - error)...(share + error))
}
notebook.show(
  Plot(
    title: "Draws against the formula", description: "Measured shares lie on the curve of the law.",
    x: Plot.Axis("published number"), y: Plot.Axis("probability", scale: .logarithmic),
    series: [
      .scatter("\(NumberText.grouped(draws)) draws", measured),
      .step("formula", shown.map { Plot.Point(Double($0), probability(of: $0, count: 10)) }),
    ]))
let misses = zip(shown, measured).filter { number, point in
  point.interval?.contains(probability(of: number, count: 10)) != true
}
notebook.check("every share is within five standard errors of the formula", misses.isEmpty)

// %% [markdown]
// ## The Gaussian, and what δ buys
//
// Gaussian noise has thinner tails than Laplace noise, so far out the ratio of the two worlds grows without bound: no ε
// holds for every number. It holds outside a set of numbers of small probability δ. For a query that one person changes
// by at most 1, this is the exact ε for each amount of noise (Balle and Wang 2018).

// %%
let sigmas: [Int] = [1, 2, 4, 8, 16]
let deltas = ["1e-3", "1e-6", "1e-9"]
var table = Table(caption: "ε of one Gaussian release", columns: [.number("σ")] + deltas.map { .number("δ = \($0)") })
var curves = deltas.map { _ in [Plot.Point]() }
for sigma in sigmas {
  let event = try PrivacyEvent(parsing: "gaussian(sigma=\(sigma))")
  var row = ["\(sigma)"]
  for (index, delta) in deltas.enumerated() {
    let bounds = try GaussianAccountant().epsilon(of: event, delta: Delta(delta), adjacency: .addOrRemove)
    row.append(NumberText.fixed(bounds.upper, decimals: 4))
    curves[index].append(Plot.Point(Double(sigma), bounds.upper))
  }
  table.add(row)
}
notebook.show(table)
notebook.show(
  Plot(
    title: "More noise, less ε", description: "Each curve falls as σ grows; smaller δ lies higher.",
    x: Plot.Axis("σ", scale: .logarithmic, ticks: sigmas.map(Double.init)), y: Plot.Axis("ε", scale: .logarithmic),
    series: zip(deltas, curves).map { .line("δ = \($0)", $1) }))
notebook.check(
  "more noise always costs less, and a smaller δ always costs more",
  curves.allSatisfy { curve in zip(curve, curve.dropFirst()).allSatisfy { $0.y > $1.y } }
    && zip(curves, curves.dropFirst()).allSatisfy { looser, tighter in zip(looser, tighter).allSatisfy { $0.y < $1.y } }
)

// %% [markdown]
// ## Why floating-point noise leaks
//
// The textbook draws u uniformly, computes a Laplace variate with a logarithm, and adds it to the answer. On paper that
// is ε-private; in floating point it is not (Mironov 2012). Doubles near 1 lie 2^−53 apart, doubles near 0 much closer.
// If the answer is 1, then 1 + noise is a multiple of 2^−53 even when the sum is small. If the answer is 0, a small
// output is the noise itself, with all its finer bits. So look at outputs below ¼ and ask whether they are multiples of
// 2^−53. One that is not never comes from the answer 1.

// %%
/// The textbook mechanism: wrong, and here to be refuted.
func naiveLaplace(_ answer: Double, using generator: inout SimulationGenerator) -> Double {
  let u = generator.uniformUnit() - 0.5
  let noise = -(u < 0 ? -1.0 : 1.0) * log(1 - 2 * abs(u))
  return answer + noise
}

/// The event that tells the worlds apart: a small output with finer bits than any sum with 1 can have.
func givesAway(_ output: Double) -> Bool {
  let scaled = output * 0x1p53
  return abs(output) < 0.25 && scaled != scaled.rounded()
}

var first = seed.substream("answer 1")
var second = seed.substream("answer 0")
let withOne = (0..<draws).count { _ in givesAway(naiveLaplace(1, using: &first)) }
let withZero = (0..<draws).count { _ in givesAway(naiveLaplace(0, using: &second)) }
let proved = EventCounts(first: withOne, second: withZero, trials: draws).epsilonLowerBound(delta: 0, alpha: 1e-6)

notebook.show(
  Table(
    caption: "Outputs that give the answer away, textbook noise that claims ε = 1",
    columns: [.text("true answer"), .number("draws"), .number("give it away")],
    rows: [
      ["1", NumberText.grouped(draws), NumberText.grouped(withOne)],
      ["0", NumberText.grouped(draws), NumberText.grouped(withZero)],
    ]))
notebook.show("proved: ε is at least \(NumberText.fixed(proved, decimals: 2)); the claim was 1")
notebook.check("an output that gives the answer away never comes from the answer 1", withOne == 0)
notebook.check("the claim ε = 1 is refuted, with an error probability of one in a million", proved > 1)

// %% [markdown]
// The noise of Tacit lies on a grid whose step is a power of two, and so do the answers. Every output is a whole number
// of steps, whatever the answer was: there are no finer bits to look at. These draws are real ones, from the operating
// system's entropy.

// %%
let exact = try LaplaceMechanism(scale: 1)
var secure = SecureGenerator()
let one = exact.grid.steps(toward: 1) ?? 0
let exactWithOne = (0..<draws / 10).count { _ in givesAway(exact.release(steps: one, using: &secure).value) }
let exactWithZero = (0..<draws / 10).count { _ in givesAway(exact.release(steps: 0, using: &secure).value) }
notebook.show("grid step \(exact.grid), \(exact.event)")
notebook.check("no output on the grid gives anything away", exactWithOne == 0 && exactWithZero == 0)

// %%
extension DiscreteLaplaceMechanism {
  /// Simulated answers around one count, each with noise of its own.
  func simulated(_ draws: Int, around count: Int64, using generator: inout SimulationGenerator) -> [Int64] {
    (0..<draws).flatMap { _ in simulate([count], using: &generator).value }
  }
}

notebook.finish()
