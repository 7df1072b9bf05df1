private import CKernels
import SecureAggregation
import SecureRandom

/// One thread's memory: a model copy trained in place, the batch, the grid.
///
/// Nothing here outlives a client except the sums; nothing is allocated per batch.
final class ClientWorker {
  let plan: SimulationPlan
  var parameters: [Float]
  var before: [Float] = []
  var grid: [Int32]
  var values: [Int64]
  var noise: [Int64] = []
  var scratch: Network.Scratch
  var order: [Int32] = []
  var tally = Tally()

  /// Sums over clients, all integers so that the order of clients does not matter.
  struct Tally: Sendable {
    /// Σ of the steps' summed losses in units of 2^-20.
    var loss: Int64 = 0
    /// Examples that went through a step.
    var examples = 0
    var clipped = 0
    var saturated = 0
    var rejected = 0
    var wireBytes = 0

    mutating func add(_ other: Tally) {
      loss &+= other.loss
      examples += other.examples
      clipped += other.clipped
      saturated += other.saturated
      rejected += other.rejected
      wireBytes += other.wireBytes
    }
  }

  init(_ plan: SimulationPlan) {
    self.plan = plan
    parameters = [Float](repeating: 0, count: plan.network.parameterCount)
    grid = [Int32](repeating: 0, count: plan.network.parameterCount)
    values = [Int64](repeating: 0, count: plan.coordinates)
    let largest = plan.clients.map(\.count).max() ?? 1
    scratch = plan.network.makeScratch(batch: max(1, plan.batchSize == 0 ? largest : min(plan.batchSize, largest)))
  }

  /// Trains one client from the global model and leaves its quantised, weighted, noised update in `values`.
  func train(_ client: Int, round: Int, global: [Float], noise share: NoiseShare?) {
    let examples = plan.clients[client]
    descend(examples, client: client, round: round, global: global)
    // The update replaces the model: local minus global.
    _ = unsafe parameters.withUnsafeMutableBufferPointer { target in
      unsafe global.withUnsafeBufferPointer { source in
        unsafe tacit_difference(target.baseAddress, source.baseAddress, source.count)
      }
    }
    let outcome = plan.quantizer.quantize(parameters, into: &grid)
    tally.clipped += outcome.clipped ? 1 : 0
    tally.saturated += outcome.saturated
    tally.rejected += outcome.rejected ? 1 : 0
    let weight = Int64(plan.weighsByExamples ? examples.count : 1)
    ClientWorker.scale(grid, by: weight, into: &values)
    // The weight is a summed coordinate like any other, so that a protected sum hides it too.
    if values.count > grid.count { values[grid.count] = weight }
    if let share {
      if noise.count != values.count { noise = [Int64](repeating: 0, count: values.count) }
      share.fill(&noise, round: round, party: client)
      ClientWorker.add(noise, to: &values)
    }
  }

  private func descend(_ examples: [Int32], client: Int, round: Int, global: [Float]) {
    ClientWorker.copy(global, into: &parameters)
    guard !examples.isEmpty else { return }
    var generator = SimulationGenerator(seed: plan.configuration.seed, stream: "batches")
      .substream(round).substream(client)
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: examples)
    let batch = plan.batchSize == 0 ? examples.count : plan.batchSize
    for _ in 0..<plan.epochs {
      if batch < examples.count { generator.shuffle(&order) }
      var start = 0
      while start < order.count {
        let end = min(order.count, start + batch)
        step(order[start..<end], global)
        start = end
      }
    }
  }

  // Loops over whole models take their arrays once, not element by element through the object.

  private static func copy(_ source: [Float], into target: inout [Float]) {
    let from = source.span
    var to = target.mutableSpan
    for index in from.indices { to[index] = from[index] }
  }

  private static func scale(_ grid: [Int32], by weight: Int64, into values: inout [Int64]) {
    let from = grid.span
    var to = values.mutableSpan
    for index in from.indices { to[index] = Int64(from[index]) &* weight }
  }

  private static func add(_ noise: [Int64], to values: inout [Int64]) {
    let from = noise.span
    var to = values.mutableSpan
    for index in from.indices { to[index] &+= from[index] }
  }

  private func step(_ batch: ArraySlice<Int32>, _ global: [Float]) {
    if plan.proximal > 0 {
      before.removeAll(keepingCapacity: true)
      before.append(contentsOf: parameters)
    }
    let loss = plan.network.descend(
      &parameters, on: plan.data.training, examples: batch, rate: plan.learningRate, scratch: &scratch)
    if plan.proximal > 0 {
      // The gradient of (μ/2)‖y − x‖² at the point where the loss's gradient was taken (Li et al. 2020).
      let pull = plan.learningRate * plan.proximal
      for index in parameters.indices { parameters[index] -= pull * (before[index] - global[index]) }
    }
    if loss.isFinite, loss < 0x1p40 { tally.loss &+= Int64((loss * 0x1p20).rounded()) }
    tally.examples += batch.count
  }
}
