import PrivacyAccounting

/// A plan committed whole: the steps that may be released, in order, each once.
///
/// Its ε is certified for all of it by any accountant, loss distributions included, since the parameters of every step
/// are fixed in advance; there is no filter for those. A charge must be the next steps in order. Steps may be skipped,
/// which can only cost less, and are then gone.
struct BudgetPlan: Hashable, Sendable {
  private struct Run: Hashable {
    let event: PrivacyEvent
    let terms: EventTerms
    let count: Int
  }

  private let runs: [Run]
  private let adjacency: Adjacency
  /// How many steps there are in all.
  let steps: Int

  private static let mostRuns = 100_000

  init(_ event: PrivacyEvent, adjacency: Adjacency) throws(LedgerError) {
    var runs: [Run] = []
    try BudgetPlan.flatten(event, adjacency, into: &runs)
    var steps = 0
    for run in runs {
      let (sum, overflow) = steps.addingReportingOverflow(run.count)
      guard !overflow, sum < 1 << 52 else { throw LedgerError(.invalid, "plan: has more than 2^52 steps") }
      steps = sum
    }
    guard steps > 0 else { throw LedgerError(.invalid, "plan: releases nothing") }
    self.runs = runs
    self.adjacency = adjacency
    self.steps = steps
  }

  private static func flatten(
    _ event: PrivacyEvent, _ adjacency: Adjacency, into runs: inout [Run]
  ) throws(LedgerError) {
    switch event {
    case .composed(let parts):
      for part in parts { try flatten(part, adjacency, into: &runs) }
    case .repeated(let inner, let count):
      var once: [Run] = []
      try flatten(inner, adjacency, into: &once)
      guard count.value > 0, !once.isEmpty else { return }
      if once.count == 1 {
        let (product, overflow) = once[0].count.multipliedReportingOverflow(by: count.value)
        guard !overflow else { throw LedgerError(.invalid, "plan: has more than 2^52 steps") }
        runs.append(Run(event: once[0].event, terms: once[0].terms, count: product))
      } else {
        guard count.value <= mostRuns / once.count else {
          throw LedgerError(.invalid, "plan: is too long; repeat single events, not sums")
        }
        for _ in 0..<count.value { runs += once }
      }
    default:
      let terms: EventTerms
      do {
        terms = try EventTerms(event, adjacency: adjacency)
      } catch {
        throw LedgerError(.invalid, "plan: \(error.message)")
      }
      runs.append(Run(event: event, terms: terms, count: 1))
    }
    guard runs.count <= mostRuns else { throw LedgerError(.invalid, "plan: is too long") }
  }

  /// The number of steps behind the plan after an event is charged at a place in it.
  func advance(from place: Int, by event: PrivacyEvent) throws(BudgetRefusal) -> Int {
    let wanted: [Run]
    do {
      var runs: [Run] = []
      try BudgetPlan.flatten(event, adjacency, into: &runs)
      wanted = runs
    } catch {
      throw BudgetRefusal(.unsupportedEvent, error.message)
    }
    var cursor = place
    for need in wanted {
      var left = need.count
      var start = 0
      for run in runs where left > 0 {
        let end = start + run.count
        if end > cursor, run.terms == need.terms {
          let used = min(left, end - max(cursor, start))
          cursor = max(cursor, start) + used
          left -= used
        }
        start = end
      }
      guard left == 0 else {
        throw BudgetRefusal(
          .exhausted,
          "the plan has no such steps left: \(steps - place) of \(steps) steps remain, next is "
            + (next(after: place) ?? "none"))
      }
    }
    return cursor
  }

  /// The step at a place, in words.
  func next(after place: Int) -> String? {
    var start = 0
    for run in runs {
      start += run.count
      if start > place { return run.event.description }
    }
    return nil
  }
}
