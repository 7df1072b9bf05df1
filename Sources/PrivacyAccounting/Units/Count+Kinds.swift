/// The kind of ``Repetitions``.
public enum RepetitionsKind: CountKind {
  /// The parameter's name.
  public static let name = "count"
  /// The smallest allowed value.
  public static let least = 0
}

/// How many times an event happens.
public typealias Repetitions = Count<RepetitionsKind>

/// The kind of ``CategoryCount``.
public enum CategoryCountKind: CountKind {
  /// The parameter's name.
  public static let name = "k"
  /// The smallest allowed value.
  public static let least = 2
}

/// The number of possible answers of randomised response.
public typealias CategoryCount = Count<CategoryCountKind>

/// The kind of ``GroupSize``.
public enum GroupSizeKind: CountKind {
  /// The parameter's name.
  public static let name = "k"
  /// The smallest allowed value.
  public static let least = 1
}

/// The number of privacy units of a group.
public typealias GroupSize = Count<GroupSizeKind>

/// The kind of ``ClientCount``.
public enum ClientCountKind: CountKind {
  /// The parameter's name.
  public static let name = "clients"
  /// The smallest allowed value.
  public static let least = 1
}

/// The number of honest parties that add noise.
public typealias ClientCount = Count<ClientCountKind>

/// The kind of ``Dimension``.
public enum DimensionKind: CountKind {
  /// The parameter's name.
  public static let name = "dimension"
  /// The smallest allowed value.
  public static let least = 1
}

/// The number of coordinates of a released vector.
public typealias Dimension = Count<DimensionKind>

/// The kind of ``PopulationSize``.
public enum PopulationSizeKind: CountKind {
  /// The parameter's name.
  public static let name = "n"
  /// The smallest allowed value.
  public static let least = 1
}

/// A public number of privacy units.
public typealias PopulationSize = Count<PopulationSizeKind>

/// The kind of ``LevelCount``.
public enum LevelCountKind: CountKind {
  /// The parameter's name.
  public static let name = "levels"
  /// The smallest allowed value.
  public static let least = 1
}

/// The number of levels of a tree of partial sums.
public typealias LevelCount = Count<LevelCountKind>

/// The kind of ``Cutoff``.
public enum CutoffKind: CountKind {
  /// The parameter's name.
  public static let name = "cutoff"
  /// The smallest allowed value.
  public static let least = 1
}

/// The number of above-threshold answers after which the sparse vector technique stops.
public typealias Cutoff = Count<CutoffKind>
