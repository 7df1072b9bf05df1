// %% [markdown]
// # Accountants compared
//
// The same releases, asked of every accountant. An accountant is a theorem: it turns a description of what was released
// into an ε at a δ, and never says less than the truth. They differ in what they know about the noise, and so in how much
// they must assume. Nothing here is random.

// %%
import ExactMath
import Glibc
import PrivacyAccounting
import Reporting

let notebook = Notebook()
let delta = try Delta("1e-6")
let steps = notebook.isQuick ? [1, 10, 100, 1_000] : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]

/// ε of an event repeated, by one accountant; `nil` where it has no theorem or no finite answer.
func epsilon(_ event: PrivacyEvent, _ count: Int, _ accountant: any Accountant) throws -> Bounds? {
  let repeated = try PrivacyEvent.repeated(event, count: count)
  guard let bounds = try? accountant.epsilon(of: repeated, delta: delta, adjacency: .addOrRemove),
    bounds.upper < .infinity
  else { return nil }
  return bounds
}

/// One curve per accountant that answers.
func curves(_ event: PrivacyEvent, _ names: [String]) throws -> [(name: String, points: [Plot.Point])] {
  try names.compactMap { name in
    guard let accountant = AccountantCatalog.named(name) else { return nil }
    let points = try steps.compactMap { count in
      try epsilon(event, count, accountant).map { Plot.Point(Double(count), $0.upper) }
    }
    return points.count == steps.count ? (name, points) : nil
  }
}

func plot(_ title: String, _ description: String, _ curves: [(name: String, points: [Plot.Point])]) -> Plot {
  Plot(
    title: title, description: description, x: Plot.Axis("releases", scale: .logarithmic),
    y: Plot.Axis("ε at δ = 1e-6", scale: .logarithmic), series: curves.map { .line($0.name, $0.points) })
}

// %% [markdown]
// ## Laplace noise
//
// *pure* adds the ε of every release. *advanced* bounds the sum of losses as if it were nearly Gaussian. *optimal* is
// the exact answer for anybody who knows the ε of each release and nothing else. *zcdp* and *rdp* keep one number, or one
// per order, that adds. *pld* keeps the whole law of the loss.

// %%
let laplace = try PrivacyEvent(parsing: "laplace(scale=20)")
let forLaplace = try curves(laplace, ["pure", "advanced", "optimal", "zcdp", "rdp", "pld"])
let figure = plot(
  "Laplace of scale 20, repeated",
  "Plain addition grows fastest; advanced, zcdp and rdp lie above optimal, and pld is lowest.", forLaplace)
notebook.show(figure)
func at(_ name: String, _ curves: [(name: String, points: [Plot.Point])]) -> [Double] {
  curves.first { $0.name == name }?.points.map(\.y) ?? []
}
let (pure, advanced, optimal, pld) = (
  at("pure", forLaplace), at("advanced", forLaplace), at("optimal", forLaplace), at("pld", forLaplace)
)
notebook.check(
  "optimal composition is never above the closed form, nor that above the plain sum",
  zip(optimal, advanced).allSatisfy { $0 <= $1 } && zip(advanced, pure).allSatisfy { $0 <= $1 })
notebook.check(
  "knowing that the noise is Laplace never costs more than knowing only its ε",
  pld.count == steps.count && zip(pld, optimal).allSatisfy { $0 <= $1 + 2e-3 })

// %% [markdown]
// ## Gaussian noise
//
// Composed Gaussians are one Gaussian, and *gdp* knows its exact ε. *zcdp* and *rdp* lose a few per cent when they turn
// their numbers into ε and δ. *pure* and *optimal* have no theorem: a Gaussian has no finite ε of its own.

// %%
let gaussian = try PrivacyEvent(parsing: "gaussian(sigma=20)")
let forGaussian = try curves(gaussian, ["pure", "optimal", "gdp", "zcdp", "rdp", "pld"])
notebook.show(
  plot("Gaussian of σ = 20, repeated", "zcdp and rdp lie a little above the exact curve of gdp and pld.", forGaussian))
let exact = at("gdp", forGaussian)
notebook.check(
  "accountants without a theorem for Gaussians give no curve",
  at("pure", forGaussian).isEmpty && at("optimal", forGaussian).isEmpty)
notebook.check(
  "zcdp and rdp are above the exact value by less than a sixth",
  zip(exact, at("zcdp", forGaussian)).allSatisfy { $0 <= $1 && $1 <= $0 * 1.17 }
    && zip(exact, at("rdp", forGaussian)).allSatisfy { $0 <= $1 && $1 <= $0 * 1.17 })

// %% [markdown]
// ## Sampled Gaussian noise: training
//
// Each release looks at a random hundredth of the people. *zcdp* cannot use that. *rdp* can, and *pld* is tightest, with
// a lower bound beside it: the truth lies between the last two columns.

// %%
let training = try PrivacyEvent(parsing: "poisson(rate=0.01, gaussian(sigma=1))")
let forTraining = try curves(training, ["zcdp", "rdp", "pld"])
notebook.show(
  plot("Sampled Gaussian, σ = 1, rate 0.01", "zcdp is far above rdp, and rdp above pld.", forTraining))
var table = Table(
  caption: "ε of training",
  columns: [.number("steps"), .number("rdp"), .number("pld, at least"), .number("pld, at most")])
var ordered = true
for count in steps {
  guard let renyi = try epsilon(training, count, RenyiAccountant()),
    let loss = try epsilon(training, count, LossDistributionAccountant())
  else { continue }
  table.add([
    "\(count)", NumberText.fixed(renyi.upper, decimals: 3), NumberText.fixed(loss.lower ?? 0, decimals: 3),
    NumberText.fixed(loss.upper, decimals: 3),
  ])
  ordered = ordered && (loss.lower ?? 0) <= loss.upper && (loss.lower ?? 0) <= renyi.upper
}
notebook.show(table)
notebook.check("the lower bound of loss distributions is below every upper bound", ordered)

// %% [markdown]
// ## Which one to ask
//
// `auto` asks all of them and takes the tightest: every upper bound holds by itself. For a budget that is spent as one
// goes, the choice is smaller: sums of ε, of ρ, of one Rényi order, or of μ² are filters that stay valid when the next
// release depends on earlier answers; optimal composition and loss distributions need the whole plan first.

// %%
if let folder = unsafe getenv("TACIT_FIGURES") {
  // The figure of the accounting guide, written beside it.
  let path = unsafe String(cString: folder) + "/epsilon-against-steps.svg"
  if let file = unsafe fopen(path, "w") {
    unsafe fputs(figure.svg(), file)
    unsafe fclose(file)
  }
}
notebook.finish()
