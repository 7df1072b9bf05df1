import ExactMath

/// A partition of privacy units that is disjoint by construction: a function sends every unit to one key at most.
///
/// There is no other way to make one, so parts that share a unit cannot be expressed.
public struct DisjointPartition<Unit, Key: Hashable & Sendable>: Sendable {
  /// The declared keys, public and in the given order, without repetition.
  public let keys: [Key]
  private let key: @Sendable (Unit) -> Key?

  /// A partition by a function of the unit alone; units sent to `nil` or to an undeclared key belong to no part.
  ///
  /// The function must depend on nothing but its argument: a key chosen by looking at other units would let one unit
  /// move others between parts.
  public init(keys: [Key], by key: @escaping @Sendable (Unit) -> Key?) {
    var seen: Set<Key> = []
    self.keys = keys.filter { seen.insert($0).inserted }
    self.key = key
  }

  /// The units of every declared part; empty parts are there too.
  public func parts(of units: some Sequence<Unit>) -> [Key: [Unit]] {
    var parts = Dictionary(uniqueKeysWithValues: keys.map { ($0, [Unit]()) })
    for unit in units {
      if let key = key(unit) { parts[key]?.append(unit) }
    }
    return parts
  }
}

extension PrivacyBudget {
  /// Spends on disjoint parts of the units, in parallel composition (McSherry 2009, theorem 4).
  ///
  /// Under add-or-remove a unit is in one part at most, so the largest of the parts' amounts is charged. Under
  /// replace-one a unit may leave one part and enter another, so the sum of the two largest is charged, and what a part
  /// is charged must hold for a unit that enters it, leaves it or is replaced in it: events that are amplified by
  /// sampling are refused there, since their theorems hold for one adjacency only.
  ///
  /// - Parameters:
  ///   - partition: The parts.
  ///   - units: All privacy units.
  ///   - amount: What each part may spend in all.
  ///   - body: Runs once for every key in order, empty parts included, with the part's units and its own budget.
  /// - Returns: what the body returned, by key.
  /// - Throws: ``BudgetRefusal`` before anything runs, with nothing spent; or the body's own error, with the charge
  ///   standing.
  public mutating func parallel<Unit, Key, Result>(
    over partition: DisjointPartition<Unit, Key>, units: some Sequence<Unit>, each amount: BudgetAmount,
    _ body: (Key, [Unit], inout PrivacyBudget) throws -> Result
  ) throws -> [Key: Result] {
    try parallel(over: partition, units: units, amounts: { _ in amount }, body)
  }

  /// Spends on disjoint parts with amounts of their own; see ``parallel(over:units:each:_:)``.
  public mutating func parallel<Unit, Key, Result>(
    over partition: DisjointPartition<Unit, Key>, units: some Sequence<Unit>, amounts: (Key) -> BudgetAmount,
    _ body: (Key, [Unit], inout PrivacyBudget) throws -> Result
  ) throws -> [Key: Result] {
    let caps = partition.keys.map(amounts)
    try take(PrivacyBudget.parallelCost(caps, adjacency: adjacency))
    let parts = partition.parts(of: units)
    var results: [Key: Result] = [:]
    for (key, cap) in zip(partition.keys, caps) {
      var budget = part(cap)
      if adjacency == .replaceOne { budget.isPartOfReplacement = true }
      results[key] = try body(key, parts[key] ?? [], &budget)
    }
    return results
  }

  /// The largest amount, or the sum of the two largest, apart for loss and δ.
  private static func parallelCost(_ caps: [BudgetAmount], adjacency: Adjacency) -> BudgetAmount {
    let count = adjacency == .addOrRemove ? 1 : 2
    let losses = caps.map(\.loss).sorted(by: >).prefix(count)
    let deltas = caps.map(\.delta).sorted(by: >).prefix(count)
    return BudgetAmount(unchecked: losses.reduce(Rational.zero, +), deltas.reduce(Rational.zero, +))
  }
}
