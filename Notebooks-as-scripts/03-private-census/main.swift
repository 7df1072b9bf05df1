// %% [markdown]
// # Private census
//
// A table of 32,561 people, questions about it, and answers that say little about any one of them. The page follows the
// whole path: a question, what it will cost and how wrong it will be before anybody looks at the data, the release,
// and what happens when the groups themselves are private or when one person owns many rows.
//
// The table is six columns of the UCI Adult data (Becker and Kohavi 1996, CC BY 4.0), embedded in the binary. It is
// public, which is why this page may show the truth beside the answers. **The noise here is real**: it comes from the
// operating system, and the numbers it makes differ whenever the page is made. The claims hold all the same; each may fail
// by chance less than once in a thousand million pages.

// %%
import CData
import ExactMath
import Glibc
import PrivacyAccounting
import PrivateStatistics
import Reporting
import SecureRandom
import TableFormats

let notebook = Notebook()
let census = unsafe Array(UnsafeBufferPointer(start: tacit_adult_table(), count: Int(tacit_adult_csv_length)))

// %% [markdown]
// ## The question
//
// How many people have each education? The sixteen answers are declared, because their names are public; a group nobody
// is in gets an answer as well. The *unit of privacy* is one row, which here is one person.

// %%
let educations = [
  "Preschool", "1st-4th", "5th-6th", "7th-8th", "9th", "10th", "11th", "12th", "HS-grad", "Some-college", "Assoc-voc",
  "Assoc-acdm", "Bachelors", "Masters", "Prof-school", "Doctorate",
]

func peopleByEducation(epsilon: String) throws -> Query {
  try Query(
    privacyUnit: .rows, epsilon: Epsilon(epsilon), delta: Delta("0"),
    groupBy: [GroupColumn(column: "education", keys: educations)],
    metrics: [Metric(name: "people", kind: .count)], noise: .laplace)
}

let question = try peopleByEducation(epsilon: "0.1")

// %% [markdown]
// ## Before anybody looks
//
// Cost, noise and error follow from the question alone. `Explanation` never sees a row.

// %%
var plan = Table(caption: "What the question will cost", columns: [.text("what"), .text("value")])
if let explanation = Explanation(question), let metric = explanation.metrics.first, let part = metric.parts.first {
  plan.add(["event", "\(explanation.event)"])
  plan.add(["law of the noise", part.law])
  plan.add(["scale, in people", part.scale.decimalDescription])
  plan.add(["groups", "\(explanation.groups ?? 0)"])
  plan.add(["half width of a 95 % interval", metric.halfWidth.map { NumberText.fixed($0, decimals: 1) } ?? "unknown"])
}
notebook.show(plan)

// %% [markdown]
// ## The release
//
// An accumulator reads the rows, bounds what each unit may contribute and adds whole numbers. `release` charges the budget
// first, draws noise second, and uses the accumulator up: a second release of the same rows does not compile.

// %%
func accumulated(_ query: Query, _ table: [UInt8]) throws -> Accumulator {
  // A fixed key makes this page repeatable. A service makes a new one for every release: `SamplingKey()`.
  let key = try SamplingKey(hexadecimal: "00112233445566778899aabbccddeeff")
  var accumulator = try Accumulator(query, key: key)
  var reader = try CSVReader(ByteSource(table, name: "table.csv"), columns: query.columns)
  try accumulator.add(&reader)
  return accumulator
}

/// The released table, and the truth beside it, which only a public table may show.
func release(_ query: Query, charging budget: SharedBudget) throws -> (table: ReleasedTable, truth: [Double]) {
  let accumulator = try accumulated(query, census)
  let truth = accumulator.insecureTrueTable().rows.map { $0.values[0].value }
  return (try accumulator.release(charging: budget, label: "people by education"), truth)
}

let budget = SharedBudget(try PrivacyBudget(.pure(Epsilon("1"))))
let (released, truth) = try release(question, charging: budget)

var answers = Table(
  caption: "People by education, ε = 0.1",
  columns: [.text("education"), .number("true"), .number("released"), .text("95 % interval")])
var furthest = 0.0
for (row, exact) in zip(released.rows, truth) {
  let value = row.values[0]
  answers.add([row.keys[0], NumberText.grouped(Int(exact)), value.text, "\(value.low) to \(value.high)"])
  furthest = max(furthest, abs(value.value - exact))
}
notebook.show(answers, varies: true)
notebook.show("spent ε = \(budget.spent.loss.decimalDescription), left \(budget.remaining.loss.decimalDescription)")
notebook.check("no answer is more than 260 people from the truth", furthest <= 260)
notebook.check("the whole question cost 0.1 for all sixteen groups together", budget.spent.loss == Rational(1, 10))

// %% [markdown]
// Sixteen answers for the price of one: a person is in one group only, so leaving changes one count by one.
//
// ## Error against ε
//
// Discrete Laplace noise of scale 1/ε is off by 2q/(1 − q²) people on average, q = e^−ε, whatever the size of the group.
// So ask the same question many times at several ε (with a new budget each time: a real service could not) and compare.
// The sums are kept as a *partial*, exact bytes that any number of machines may merge.

// %%
let epsilons = ["0.01", "0.03", "0.1", "0.3", "1"]
let runs = notebook.isQuick ? 100 : 400
var measured: [Plot.Point] = []
var predicted: [Plot.Point] = []
var large: [Plot.Point] = []
var small: [Plot.Point] = []
var covered = 0
var agrees = true
let largest = truth.firstIndex(of: truth.max() ?? 0) ?? 0
let smallest = truth.firstIndex(of: truth.min() ?? 0) ?? 0
for text in epsilons {
  let query = try peopleByEducation(epsilon: text)
  let partial = try accumulated(query, census).partial()
  var total = 0.0
  for run in 0..<runs {
    let again = try Accumulator(partial: partial, of: query, name: "census")
    let fresh = SharedBudget(try PrivacyBudget(.pure(Epsilon(text))))
    let answer = try again.release(charging: fresh, label: "run \(run)")
    for (row, exact) in zip(answer.rows, truth) {
      let value = row.values[0]
      total += abs(value.value - exact)
      if value.lowValue <= exact, exact <= value.highValue { covered += 1 }
    }
  }
  let epsilon = Double(text) ?? 0
  let mean = total / Double(runs * truth.count)
  let q = exp(-epsilon)
  let law = 2 * q / (1 - q * q)
  measured.append(Plot.Point(epsilon, mean))
  predicted.append(Plot.Point(epsilon, law))
  large.append(Plot.Point(epsilon, mean / truth[largest]))
  small.append(Plot.Point(epsilon, mean / truth[smallest]))
  agrees = agrees && abs(mean / law - 1) < 0.25
}
let epsilonAxis = Plot.Axis("ε", scale: .logarithmic, ticks: [0.01, 0.03, 0.1, 0.3, 1])
notebook.show(
  Facets(
    title: "What ε buys",
    description:
      "The error falls as one over ε, is the same number of people for every group, and so hurts small groups.",
    plots: [
      Plot(
        title: "In people", description: "Measured errors lie on the line of the law.", x: epsilonAxis,
        y: Plot.Axis("mean error", scale: .logarithmic),
        series: [.line("law", predicted, markers: false), .scatter("measured", measured)]),
      Plot(
        title: "Beside the group", description: "The error is a small part of a large group and most of a small one.",
        x: epsilonAxis, y: Plot.Axis("error / size", scale: .logarithmic),
        series: [
          .line("\(educations[largest]), \(Int(truth[largest]))", large),
          .line("\(educations[smallest]), \(Int(truth[smallest]))", small),
        ]),
    ], panelWidth: 320, sharesAxes: false))
notebook.check("the mean error is within a quarter of the law's at every ε", agrees)
let coverage = Double(covered) / Double(runs * truth.count * epsilons.count)
notebook.check("the 95 % intervals hold the truth at least 93 times in 100", coverage >= 0.93)

// %% [markdown]
// ## When the groups are private
//
// Nobody declares in advance how many hours a week people may work. If the release named every value that occurs, one
// person who works 99 hours would be seen. *Partition selection* names a group only when enough units are in it, by a
// rule that is itself private: a group of one is named with probability at most δ.

// %%
func peopleByHours(epsilon: String, kind: GroupSelection.Kind) throws -> Query {
  try Query(
    privacyUnit: .rows, epsilon: Epsilon(epsilon), delta: Delta("1e-12"),
    groupBy: [GroupColumn(column: "hours-per-week")], selection: GroupSelection(kind: kind),
    metrics: [Metric(name: "people", kind: .count)], noise: .laplace)
}

let levels = ["0.1", "0.3", "1", "3"]
var sizes: [String: Double] = [:]
var curves: [Plot.Series] = []
var singlesNamed = 0
var crowdsMissed = 0
var grows = true
for (name, kind) in [("optimal", GroupSelection.Kind.optimal), ("noisy threshold", .laplace)] {
  var points: [Plot.Point] = []
  for text in levels {
    let query = try peopleByHours(epsilon: text, kind: kind)
    let reading = try accumulated(query, census)
    for row in reading.insecureTrueTable().rows { sizes[row.keys[0]] = row.values[0].value }
    let limit = BudgetLimit.approximate(try Epsilon(text), try Delta("1e-12"))
    let table = try reading.release(charging: SharedBudget(PrivacyBudget(limit)), label: "hours")
    let named = Set(table.rows.map { $0.keys[0] })
    singlesNamed += named.count { sizes[$0] == 1 }
    crowdsMissed += sizes.count { $0.value >= 1_000 && !named.contains($0.key) }
    points.append(Plot.Point(Double(text) ?? 0, Double(named.count)))
  }
  grows = grows && (points.first?.y ?? 0) < (points.last?.y ?? 0)
  curves.append(.line(name, points))
}
notebook.show(
  Plot(
    title: "Groups that may be named, δ = 1e-12",
    description: "More groups are named as ε grows; the optimal rule names more than the noisy threshold.",
    x: Plot.Axis("ε", scale: .logarithmic, ticks: [0.1, 0.3, 1, 3]), y: Plot.Axis("groups named"), series: curves,
    rules: [Plot.Rule("groups in the table", at: Double(sizes.count))]))
notebook.show("\(sizes.count) values occur, \(sizes.count { $0.value == 1 }) of them once")
notebook.check("no value that one person alone has was ever named", singlesNamed == 0)
notebook.check("every value that a thousand people share was named", crowdsMissed == 0)
notebook.check("a larger ε names more groups", grows)

// %% [markdown]
// ## User level against event level
//
// In the census a row is a person. In most tables it is not: below, a thousand people visit thirty shops, some of them
// once, some of them daily. With `privacy_unit: rows` the guarantee is about *one visit*: whether somebody went to the
// clinic *on Tuesday* stays hidden, that they go there every week does not. With the person as unit, everything that one
// person did is hidden; but then one person's part must be bounded. What is beyond the bound is left out, which is an error
// of its own.

// %%
var generator = SimulationGenerator(seed: 3, stream: "visits")
var visits = "person,shop\n"
var visitCount = 0
for person in 0..<1_000 {
  // A Pareto law: many people with few visits, few with very many.
  let wanted = min(Int(2 / max(generator.uniformUnit(), 1e-3)), 300)
  let home = generator.uniformUnit() * 30
  for _ in 0..<wanted {
    let shop = Int(home + generator.uniformUnit() * generator.uniformUnit() * 30) % 30
    visits += "\(person),shop \(shop)\n"
    visitCount += 1
  }
}
let visitRows = Array(visits.utf8)
let shops = (0..<30).map { "shop \($0)" }

func visitsByShop(_ unit: PrivacyUnit, rows: Int) throws -> Query {
  let bounds = unit == .rows ? nil : try ContributionBounds(groupsPerUnit: 5, rowsPerGroup: rows)
  return try Query(
    privacyUnit: unit, epsilon: Epsilon("1"), delta: Delta("0"), bounds: bounds,
    groupBy: [GroupColumn(column: "shop", keys: shops)], metrics: [Metric(name: "visits", kind: .count)],
    noise: .laplace)
}

func counts(_ query: Query) throws -> [Double] {
  try accumulated(query, visitRows).insecureTrueTable().rows.map { $0.values[0].value }
}

let whole = try counts(visitsByShop(.rows, rows: 1))
var noise: [Plot.Point] = []
var cut: [Plot.Point] = []
var both: [Plot.Point] = []
var table = Table(
  caption: "Mean error of a shop's visits at ε = 1, a person in at most five shops",
  columns: [.number("visits a shop"), .number("rows kept"), .number("noise"), .number("left out"), .number("sum")])
for rows in [1, 2, 4, 8, 16, 32, 64] {
  let kept = try counts(visitsByShop(.column("person"), rows: rows))
  // A person changes at most five counts by `rows` each: Laplace noise of scale 5·rows/ε.
  let noisy = Double(5 * rows)
  let missing = zip(whole, kept).reduce(0) { $0 + ($1.0 - $1.1) } / Double(shops.count)
  noise.append(Plot.Point(Double(rows), noisy))
  cut.append(Plot.Point(Double(rows), missing))
  both.append(Plot.Point(Double(rows), noisy + missing))
  let share = kept.reduce(0, +) / Double(visitCount)
  table.add([
    "\(rows)", NumberText.fixed(share, decimals: 3), NumberText.fixed(noisy, decimals: 0),
    NumberText.fixed(missing, decimals: 1), NumberText.fixed(noisy + missing, decimals: 1),
  ])
}
notebook.show(table)
notebook.show(
  Plot(
    title: "Bounding what a person may contribute",
    description: "Noise rises with the bound, what is left out falls, and their sum is least in between.",
    x: Plot.Axis("visits counted for one person and shop", scale: .logarithmic, ticks: [1, 2, 4, 8, 16, 32, 64]),
    y: Plot.Axis("mean error of a shop", scale: .logarithmic),
    series: [.line("noise", noise), .line("left out", cut), .line("both", both)],
    rules: [Plot.Rule("one visit as the unit", at: 1)]))
let best = both.indices.min { both[$0].y < both[$1].y } ?? 0
notebook.check("the best bound is neither the tightest nor the loosest", best > 0 && best < both.count - 1)
notebook.check(
  "hiding a person costs at least ten times the error of hiding a visit", both.allSatisfy { $0.y >= 10 })
notebook.check(
  "bounding never adds a row",
  zip(both, both.dropFirst()).allSatisfy { $0.x < $1.x } && zip(cut, cut.dropFirst()).allSatisfy { $0.y >= $1.y })

// %% [markdown]
// Choose the bound from what is known in public, or from a private quantile, never by looking at the rows: a bound that
// depends on the data says something about them.
//
// ## What to take away
//
// - State the unit first. Everything else, error included, follows from it.
// - The error of a count does not depend on the size of its group. Small groups need larger ε, coarser groups, or silence.
// - Groups that come from the data need selection; δ is the price of naming them.
// - One question with many disjoint groups costs as much as one with a single group.

// %%
notebook.finish()
