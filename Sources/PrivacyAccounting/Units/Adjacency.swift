/// Which pairs of data sets a privacy claim compares.
public enum Adjacency: String, Sendable, Hashable, Codable, CaseIterable, CustomStringConvertible {
  /// One privacy unit is added or removed.
  case addOrRemove = "add-remove"
  /// One privacy unit is replaced by another; the number of units is public.
  case replaceOne = "replace-one"

  /// `add-remove` or `replace-one`.
  public var description: String { rawValue }
}
