private import ExactMath

extension ContourLaw {
  /// The compositions under removal and addition of terms with a dominating pair; one when all pairs are symmetric.
  ///
  /// `nil` when no part has a density that makes the transform decay, or when an event is not supported.
  static func directions(of terms: EventTerms, reach: Double) -> [ContourLaw]? {
    let builder = LossCellBuilder(reach: reach)
    var removal: [(part: Part, count: Double)] = []
    var addition: [(part: Part, count: Double)] = []
    var (smooth, symmetric, tight) = (false, true, true)
    var infinity = (removal: 0.0, addition: 0.0)
    for term in terms.terms {
      let count = Double(term.count)
      switch term.event {
      case .gaussian(let squaredMu):
        smooth = true
        removal.append((.gaussian(squaredMu: squaredMu.doubleValue), count))
        addition.append((.gaussian(squaredMu: squaredMu.doubleValue), count))
      case .laplace(let epsilon):
        removal.append((.laplace(epsilon.doubleValue), count))
        addition.append((.laplace(epsilon.doubleValue), count))
      case .poisson(let rate, let inner):
        guard let event = inner.only else { return nil }
        symmetric = false
        if case .gaussian(let squaredMu) = event {
          let mu = Interval(squaredMu).squareRoot.middle
          guard mu > 1e-6, mu < 100, rate.doubleValue > 1e-12 else { return nil }
          smooth = true
          let law = SampledGaussian(rate: rate.doubleValue, rest: (1 - rate).doubleValue, mu: mu)
          removal.append((.sampled(law, removal: true), count))
          addition.append((.sampled(law, removal: false), count))
        } else {
          guard let atoms = try? builder.atoms(of: event), atoms.widest < 600, atoms.atoms.count < 3_000 else {
            return nil
          }
          let pair = atoms.sampled(rate: rate.doubleValue, rest: (1 - rate).doubleValue)
          removal.append((.atoms(pair.removal), count))
          addition.append((.atoms(pair.addition), count))
          infinity.removal += count * pair.removal.infinity
          tight = tight && atoms.isTight
        }
      default:
        guard let atoms = try? builder.atoms(of: term.event), atoms.widest < 600, atoms.atoms.count < 3_000 else {
          return nil
        }
        removal.append((.atoms(atoms), count))
        addition.append((.atoms(atoms), count))
        infinity.removal += count * atoms.infinity
        infinity.addition += count * atoms.infinity
        tight = tight && atoms.isTight
      }
    }
    guard smooth else { return nil }
    let up = 1 + 1e-12
    let laws = [
      ContourLaw(parts: removal, infinity: (0, infinity.removal * up), isTight: tight),
      ContourLaw(parts: addition, infinity: (0, infinity.addition * up), isTight: tight),
    ]
    return symmetric ? [laws[0]] : laws
  }
}
