import Synchronization

/// A store that threads use one at a time, part of which may lie in a temporary file.
final class UnitShard: Sendable {
  private struct State: ~Copyable {
    var store: UnitStore
    /// Units that were moved out; a unit may be in several runs and in the store.
    var runs: [UnitRun] = []
    /// The store's bytes when they were last counted.
    var bytes = 0

    init(_ limits: UnitTable.Limits) { store = UnitStore(limits) }
  }

  private let state: Mutex<State>
  private let limits: UnitTable.Limits
  private let spill: UnitSpill?

  init(_ limits: UnitTable.Limits, spill: UnitSpill?) {
    self.limits = limits
    self.spill = spill
    state = Mutex(State(limits))
  }

  /// Adds to the store while no other thread is in this shard; moves it out afterwards when memory is short.
  func withLock<Result: Sendable>(_ body: (inout UnitStore) -> Result) -> Result {
    state.withLock { state in
      let result = body(&state.store)
      guard let spill else { return result }
      let bytes = state.store.byteCount
      let isFull = spill.isFull(shard: bytes, before: state.bytes)
      state.bytes = bytes
      if isFull, state.store.count > 0, let run = spill.write(state.store, values: limits.values) {
        state.runs.append(run)
        state.store = UnitStore(limits)
        _ = spill.isFull(shard: state.store.byteCount, before: bytes)
        state.bytes = state.store.byteCount
      }
      return result
    }
  }

  /// Lends every unit of the shard, those that were moved out too.
  ///
  /// - Throws: ``StatisticsError`` when the temporary file cannot be read.
  func withWhole<Result: Sendable>(
    _ body: (borrowing UnitStore) -> Result
  ) throws(StatisticsError) -> Result {
    try state.withLock { (state) throws(StatisticsError) in
      guard !state.runs.isEmpty, let spill else { return body(state.store) }
      var whole = UnitStore(limits)
      whole.take(state.store, values: limits.values, renumber: nil)
      for run in state.runs { try spill.read(run, values: limits.values, into: &whole) }
      return body(whole)
    }
  }
}
