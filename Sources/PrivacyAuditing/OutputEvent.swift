/// A set of outputs by which an audit tells two data sets apart.
public enum OutputEvent: Sendable, Hashable, CustomStringConvertible {
  /// Outputs at or above a threshold.
  case atLeast(Double)
  /// Outputs at or below a threshold.
  case atMost(Double)
  /// Outputs that equal one of these values.
  case among(Set<Double>)
  /// Outputs that are no multiple of a step: they have bits below a grid that noise on a grid never leaves.
  ///
  /// Floating-point noise added to different true values rounds to different grids, and the bits left show which
  /// (Mironov 2012; Haney, Desfontaines, Hartman, Shrestha and Hay 2022). The step is a power of two.
  case finerThan(step: Double)
  /// Outputs outside another event.
  indirect case complement(OutputEvent)

  /// Whether an output belongs to the event.
  public func contains(_ output: Double) -> Bool {
    switch self {
    case .atLeast(let threshold): output >= threshold
    case .atMost(let threshold): output <= threshold
    case .among(let values): values.contains(output)
    case .finerThan(let step): (output / step).rounded(.towardZero) != output / step
    case .complement(let event): !event.contains(output)
    }
  }

  /// The text used in reports.
  public var description: String {
    switch self {
    case .atLeast(let threshold): "output >= \(threshold)"
    case .atMost(let threshold): "output <= \(threshold)"
    case .among(let values):
      "output in {\(values.sorted().prefix(8).map(\.description).joined(separator: ", "))"
        + (values.count > 8 ? ", … \(values.count) values}" : "}")
    case .finerThan(let step): "output is no multiple of \(step)"
    case .complement(let event): "not (\(event))"
    }
  }
}

/// How the event is chosen.
///
/// Only choices that keep the confidence honest exist: picking the best threshold on the very samples that are then
/// counted is not among them, since it makes a claimed 95 % bound wrong far more often than one time in twenty.
public enum EventChoice: Sendable, Hashable {
  /// An event fixed before any sample was seen, expected to be likelier under the second data set.
  case fixed(OutputEvent)
  /// The best event on this fraction of the samples, in (0, 1), judged on the rest.
  case splitSample(fraction: Double)
  /// The median of the bounds of this many split samples, each at half the error.
  ///
  /// Twice the median of valid p-values is a valid p-value (Meinshausen, Meier and Bühlmann 2009, Theorem 3.1 with
  /// γ = ½), so the splits may overlap; the result depends less on the luck of one split.
  case multiSplit(splits: Int, fraction: Double)
  /// Every event of a list fixed in advance, each at its share of the error (Bonferroni).
  case bonferroni([OutputEvent])
  /// Every threshold at once, by uniform bands ±√(ln(4/α)/(2n)) around both empirical distribution functions
  /// (Dvoretzky, Kiefer and Wolfowitz 1956; Massart 1990).
  case uniformBands
}
