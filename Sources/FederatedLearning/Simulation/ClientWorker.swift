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
  /// One example's gradient, when single examples are protected.
  var exampleGrid: [Int32] = []
  /// The grid of the message's second part, when the algorithm has one.
  var secondGrid: [Int32] = []
  var values: [Int64]
  /// Weighted sums over this thread's clients, when nothing has to be protected one by one.
  var sums: [Int64] = []
  var hasSums = false
  /// What clients keep after this round.
  var memories: [Int: [Float]] = [:]
  /// Whether the update at hand was within the clip.
  var isWithin = true
  /// Steps of the client at hand.
  var steps = 0
  var noise: [Int64] = []
  let runner: ModelRunner
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
    /// Clients whose examples could not be had.
    var failed = 0

    mutating func add(_ other: Tally) {
      loss &+= other.loss
      examples += other.examples
      clipped += other.clipped
      saturated += other.saturated
      rejected += other.rejected
      wireBytes += other.wireBytes
      failed += other.failed
    }
  }

  init(_ plan: SimulationPlan) {
    self.plan = plan
    parameters = [Float](repeating: 0, count: plan.model.parameterCount)
    grid = [Int32](repeating: 0, count: plan.rounding?.dimension ?? plan.sharedCount)
    values = []
    if plan.exampleQuantizer != nil { exampleGrid = grid }
    if plan.algorithm.hasSecondSum { secondGrid = grid }
    let largest = max(plan.largestSize, plan.robust?.rootExamples ?? 0)
    runner = plan.model.makeRunner(batch: max(1, plan.batchSize == 0 ? largest : min(plan.batchSize, largest)))
  }

  /// The examples of a client; nil, and counted, when they cannot be had.
  private func load(_ client: Int) -> (data: LabeledData, examples: [Int32])? {
    guard let population = plan.population else {
      let isHostile = plan.robust?.attackers.contains(client) == true
      return (isHostile ? plan.poisoned ?? plan.data.training : plan.data.training, plan.clients[client])
    }
    guard let data = try? population.examples(of: client), data.width == population.width,
      data.classes == population.classes, data.count <= population.largestCount
    else {
      tally.failed += 1
      return nil
    }
    return (data, (0..<Int32(data.count)).map { $0 })
  }

  /// Trains one client from the global model and leaves its quantised message in `grid` and `secondGrid`.
  ///
  /// - Returns: the weight of the message, nil when the client failed.
  func message(_ client: Int, _ task: RoundTask) -> Int64? {
    guard let (data, examples) = load(client) else { return nil }
    let memory = task.memories[client] ?? []
    descend(data, examples, client: client, task, plan.algorithm.correction(state: task.state, memory: memory))
    let head = plan.personalLayers == nil ? [] : Array(parameters[plan.sharedCount...])
    // The update replaces the model: local minus global.
    let isFinite = unsafe parameters.withUnsafeMutableBufferPointer { target in
      unsafe task.global.withUnsafeBufferPointer { source in
        unsafe tacit_difference(target.baseAddress, source.baseAddress, source.count) != 0
      }
    }
    if task.scale != 1 { for index in parameters.indices { parameters[index] *= task.scale } }
    if let compressor = plan.compressor { compress(compressor, client, task) }
    if plan.personalLayers != nil {
      if isFinite { memories[client] = head }
      parameters.removeSubrange(plan.sharedCount...)
    }
    defer { restoreLength() }
    var outcome = Quantizer.Outcome()
    if let rotated = task.rotated {
      var coins = SimulationGenerator(seed: plan.configuration.seed, stream: "rounding")
        .substream(task.round).substream(client)
      outcome = rotated.quantize(parameters, isFinite: isFinite, into: &grid, using: &coins)
    } else if case .averaging = plan.algorithm.rule {
      outcome = task.quantizer.quantize(parameters, isFinite: isFinite, into: &grid)
    } else {
      var kept = memory
      let message = plan.algorithm.clientStep(
        update: parameters, steps: steps, rate: plan.learningRate, state: task.state, memory: &kept)
      outcome = task.quantizer.quantize(message.update, into: &grid)
      if let second = message.second {
        let other = task.quantizer.quantize(second, into: &secondGrid)
        outcome.saturated += other.saturated
        if !kept.isEmpty, isFinite { memories[client] = kept }
      }
    }
    isWithin = !outcome.clipped
    tally.clipped += outcome.clipped ? 1 : 0
    tally.saturated += outcome.saturated
    tally.rejected += outcome.rejected ? 1 : 0
    if examples.isEmpty { isWithin = true }
    plan.updateObserver?.observe(client: client, update: grid, step: task.quantizer.step)
    return Int64(plan.weighsByExamples ? examples.count : 1)
  }

  /// Trains on examples of the server's as a client would, and returns the quantised update.
  func serverUpdate(_ examples: [Int32], _ task: RoundTask) -> [Int32] {
    let counted = tally
    defer { tally = counted }
    descend(plan.data.training, examples, client: plan.clientCount, task, nil)
    for index in parameters.indices { parameters[index] -= task.global[index] }
    parameters.removeSubrange(plan.sharedCount...)
    defer { restoreLength() }
    _ = task.quantizer.quantize(parameters, into: &grid)
    return grid
  }

  /// Makes room for a whole model again after an update of the shared layers alone.
  private func restoreLength() {
    let missing = plan.model.parameterCount - parameters.count
    if missing > 0 { parameters.append(contentsOf: repeatElement(0, count: missing)) }
  }

  /// Replaces the update by what the server makes of its compressed form.
  private func compress(_ compressor: Compressor, _ client: Int, _ task: RoundTask) {
    var draws = SimulationGenerator(seed: plan.configuration.seed, stream: "compression")
      .substream(task.round).substream(client)
    var residual = task.memories[client] ?? []
    compressor.apply(to: &parameters, residual: &residual, using: &draws)
    if compressor.keepsResidual { memories[client] = residual }
  }

  /// Trains one client and leaves its weighted, noised contribution in `values`.
  ///
  /// - Returns: whether there is one.
  func train(_ client: Int, _ task: RoundTask) -> Bool {
    guard let weight = message(client, task) else { return false }
    values.removeAll(keepingCapacity: true)
    values.append(contentsOf: grid.lazy.map { Int64($0) &* weight })
    values.append(contentsOf: secondGrid.lazy.map { Int64($0) })
    // Weights and steps are summed coordinates like any other, so that a protected sum hides them too.
    if let adaptive = plan.roundPrivacy?.adaptiveClip {
      values.append(isWithin ? adaptive.indicator : -adaptive.indicator)
    }
    if plan.roundPrivacy == nil { values.append(weight) }
    if plan.algorithm.countsSteps { values.append(weight &* Int64(steps)) }
    if let share = task.noise {
      if noise.count != values.count { noise = [Int64](repeating: 0, count: values.count) }
      share.fill(&noise, round: task.round, party: client)
      ClientWorker.add(noise, to: &values)
    }
    return true
  }

  /// Trains one client and adds its weighted, quantised update to this thread's sums, without a message in between.
  private func contribution(_ client: Int, _ task: RoundTask) -> Int64? {
    guard let (data, examples) = load(client) else { return nil }
    descend(data, examples, client: client, task, nil)
    let weight = Int64(plan.weighsByExamples ? examples.count : 1)
    let outcome = task.quantizer.add(parameters, minus: task.global, weight: weight, to: &sums)
    isWithin = true
    tally.saturated += outcome.saturated
    tally.rejected += outcome.rejected ? 1 : 0
    return weight
  }

  /// Trains one client and adds its contribution to this thread's sums.
  ///
  /// A client without examples has nothing to add: its message is zero and so is its weight by examples.
  func accumulate(_ client: Int, _ task: RoundTask) {
    if sums.isEmpty { sums = [Int64](repeating: 0, count: plan.coordinates) }
    hasSums = true
    let count = plan.sharedCount
    let isIdle = plan.exampleQuantizer == nil && plan.size(of: client) == 0
    let isPlain = plan.sumsPlainUpdates && task.rotated == nil && task.scale == 1
    let given =
      isIdle ? Int64(plan.weighsByExamples ? 0 : 1) : isPlain ? contribution(client, task) : message(client, task)
    guard let weight = given else { return }
    if !isIdle, !isPlain {
      unsafe sums.withUnsafeMutableBufferPointer { target in
        guard let base = target.baseAddress else { return }
        unsafe grid.withUnsafeBufferPointer { unsafe tacit_accumulate(base, $0.baseAddress, weight, count) }
        if !secondGrid.isEmpty {
          unsafe secondGrid.withUnsafeBufferPointer { unsafe tacit_accumulate(base + count, $0.baseAddress, 1, count) }
        }
      }
    }
    var last = count + secondGrid.count
    if let adaptive = plan.roundPrivacy?.adaptiveClip {
      sums[last] &+= isIdle || isWithin ? adaptive.indicator : -adaptive.indicator
      last += 1
    }
    if plan.roundPrivacy == nil {
      sums[last] &+= weight
      last += 1
    }
    if plan.algorithm.countsSteps { sums[last] &+= weight &* Int64(isIdle ? 0 : steps) }
  }

  private func descend(
    _ data: LabeledData, _ examples: [Int32], client: Int, _ task: RoundTask, _ correction: [Float]?
  ) {
    ClientWorker.copy(task.global, into: &parameters)
    if plan.personalLayers != nil, let head = task.memories[client] {
      parameters.replaceSubrange(plan.sharedCount..., with: head)
    }
    steps = 0
    if let grid = plan.exampleQuantizer {
      guard let noise = task.stepNoise else { preconditionFailure("a plan of private steps has their noise") }
      return descendPrivately(data, examples, client: client, task, grid, noise)
    }
    guard !examples.isEmpty else { return }
    var generator = SimulationGenerator(seed: plan.configuration.seed, stream: "batches")
      .substream(task.round).substream(client)
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: examples)
    let batch = plan.batchSize == 0 ? examples.count : plan.batchSize
    for _ in 0..<(task.epochs[client] ?? plan.epochs) {
      if batch < examples.count { generator.shuffle(&order) }
      var start = 0
      while start < order.count {
        let end = min(order.count, start + batch)
        step(order[start..<end], task.global, data)
        if let correction { ClientWorker.subtract(correction, plan.learningRate, from: &parameters) }
        steps += 1
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

  private static func subtract(_ drift: [Float], _ rate: Float, from target: inout [Float]) {
    let from = drift.span
    var to = target.mutableSpan
    for index in from.indices { to[index] -= rate * from[index] }
  }

  static func add(_ noise: [Int64], to values: inout [Int64]) {
    let from = noise.span
    var to = values.mutableSpan
    for index in from.indices { to[index] &+= from[index] }
  }

  static func clear(_ values: inout [Int64]) {
    var target = values.mutableSpan
    for index in target.indices { target[index] = 0 }
  }

  private func step(_ batch: ArraySlice<Int32>, _ global: [Float], _ data: LabeledData) {
    let proximal = Float(plan.algorithm.proximal)
    if proximal > 0 {
      before.removeAll(keepingCapacity: true)
      before.append(contentsOf: parameters)
    }
    let loss = runner.descend(&parameters, on: data, examples: batch, rate: plan.learningRate)
    if proximal > 0 {
      // The gradient of (μ/2)‖y − x‖² at the point where the loss's gradient was taken (Li et al. 2020).
      let pull = plan.learningRate * proximal
      for index in 0..<plan.sharedCount { parameters[index] -= pull * (before[index] - global[index]) }
    }
    if loss.isFinite, loss < 0x1p40 { tally.loss &+= Int64((loss * 0x1p20).rounded()) }
    tally.examples += batch.count
  }
}
