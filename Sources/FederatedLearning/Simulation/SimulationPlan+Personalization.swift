private import Dispatch
private import SecureRandom
private import Synchronization

extension SimulationPlan {
  /// Has clients train a finished model further, each on its own, and measures what it gained them.
  ///
  /// Nothing leaves a client: the model that all share stays as it is, and under privacy this is post-processing of a
  /// released model on the device that owns the examples.
  ///
  /// - Returns: nil when the configuration does not ask for it.
  func personalize(_ parameters: [Float], threads: Int, over ranks: any Collective) throws -> Personalization? {
    guard let tuning = fineTuning else { return nil }
    let chosen = drawn(tuning.clients).filter { size(of: $0) >= Personalization.fewestExamples }
    // Shares of a client are added up as whole numbers, so that threads do not change the mean.
    let sums = Mutex<(clients: Int, before: Int64, after: Int64)>((0, 0, 0))
    let next = Atomic<Int>(0)
    let lanes = max(1, min(threads, chosen.count))
    DispatchQueue.concurrentPerform(iterations: lanes) { _ in
      let runner = model.makeRunner(batch: largestPersonalBatch)
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < chosen.count else { return }
        guard index % ranks.size == ranks.rank else { continue }
        guard let (before, after) = personalize(chosen[index], parameters, tuning, runner) else { continue }
        sums.withLock {
          $0.clients += 1
          $0.before += Int64((before * 0x1p30).rounded())
          $0.after += Int64((after * 0x1p30).rounded())
        }
      }
    }
    let own = sums.withLock { $0 }
    var words = [Int64(own.clients), own.before, own.after]
    try ranks.sum(&words)
    let (clients, before, after) = (Int(words[0]), words[1], words[2])
    guard clients > 0 else { return Personalization(clients: 0, before: nil, after: nil) }
    let unit = 0x1p30 * Double(clients)
    return Personalization(clients: clients, before: Double(before) / unit, after: Double(after) / unit)
  }

  /// At most so many clients that are not hostile, drawn from the seed.
  func drawn(_ most: Int) -> [Int] {
    // Rounds begin at 1, so nobody else draws from stream 0 of the cohorts.
    let drawn =
      most >= clientCount
      ? Array(0..<clientCount)
      : CohortSampling.fixed(size: most).cohort(clients: clientCount, round: 0, seed: configuration.seed)
    return drawn.filter { robust?.attackers.contains($0) != true }
  }

  private static var evaluationBatch: Int { 64 }

  private var largestPersonalBatch: Int {
    max(SimulationPlan.evaluationBatch, batchSize == 0 ? largestSize : min(batchSize, largestSize))
  }

  /// A client's examples; nil when they cannot be had.
  private func examples(of client: Int) -> (data: LabeledData, examples: [Int32])? {
    guard let population else { return (data.training, clients[client]) }
    guard let data = try? population.examples(of: client), data.width == population.width,
      data.classes == population.classes,
      (Personalization.fewestExamples...population.largestCount).contains(data.count)
    else { return nil }
    return (data, (0..<Int32(data.count)).map { $0 })
  }

  /// The accuracies before and after on what one client holds back.
  private func personalize(
    _ client: Int, _ parameters: [Float], _ tuning: FineTuning, _ runner: ModelRunner
  ) -> (before: Double, after: Double)? {
    guard let (data, examples) = examples(of: client) else { return nil }
    var generator = SimulationGenerator(seed: configuration.seed, stream: "personalization").substream(client)
    var order = examples
    generator.shuffle(&order)
    let heldOut = data.picked(order.prefix(max(1, order.count / 5)))
    order.removeFirst(heldOut.count)
    var own = parameters
    let before = accuracy(own, heldOut, runner)
    let batch = batchSize == 0 ? order.count : batchSize
    for _ in 0..<tuning.epochs {
      generator.shuffle(&order)
      for start in stride(from: 0, to: order.count, by: batch) {
        let end = min(order.count, start + batch)
        _ = runner.descend(&own, on: data, examples: order[start..<end], rate: tuning.rate)
      }
    }
    return (before, accuracy(own, heldOut, runner))
  }

  private func accuracy(_ parameters: [Float], _ data: LabeledData, _ runner: ModelRunner) -> Double {
    var answers: [Float] = []
    for start in stride(from: 0, to: data.count, by: SimulationPlan.evaluationBatch) {
      let range = start..<min(data.count, start + SimulationPlan.evaluationBatch)
      _ = runner.evaluate(parameters, on: data, range: range, answers: &answers)
    }
    return Double(zip(data.labels, answers).count { Float($0) == $1 }) / Double(data.count)
  }
}
