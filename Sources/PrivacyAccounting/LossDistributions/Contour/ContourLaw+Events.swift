private import ExactMath

extension ContourLaw {
  /// The compositions under removal and addition of terms with a dominating pair; one when all pairs are symmetric.
  ///
  /// `nil` when an event is not supported.
  static func directions(of terms: EventTerms, reach: Double) -> [ContourLaw]? {
    let builder = LossCellBuilder(reach: reach)
    var removal: [(part: Part, count: Double)] = []
    var addition: [(part: Part, count: Double)] = []
    var (symmetric, tight) = (true, true)
    var infinity = (removal: 0.0, addition: 0.0)
    for term in terms.terms {
      let count = Double(term.count)
      switch term.event {
      case .gaussian(let squaredMu):
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
          infinity.addition += count * pair.addition.infinity
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
    let up = 1 + 1e-12
    let laws = [
      ContourLaw(parts: removal, infinity: (0, infinity.removal * up), isTight: tight),
      ContourLaw(parts: addition, infinity: (0, infinity.addition * up), isTight: tight),
    ]
    return symmetric ? [laws[0]] : laws
  }

  /// The composition when all parts are finite laws, for ``AtomicComposition``; `nil` otherwise.
  var atoms: [(law: AtomicLaw, count: Int)]? {
    var result: [(law: AtomicLaw, count: Int)] = []
    for (part, count) in parts {
      guard case .atoms(let law) = part, count < 1e9 else { return nil }
      result.append((law, Int(count)))
    }
    return result
  }
}
