private import Dispatch
private import SecureRandom
private import Synchronization

/// Layers that stay with their client (FedPer; Arivazhagan, Aggarwal, Singh and Choudhary 2019).
///
/// The first parameters of a model, the body, are shared: clients train, send and receive them. The rest, the head, is
/// trained by every client for itself, kept between its participations, and never sent. A fifth of a client's examples,
/// drawn from the seed, is never trained on and measures its own model.
struct PersonalLayers: Sendable {
  /// The number of parameters of the body.
  let shared: Int
  /// The most clients that are measured.
  let measured: Int
  /// The examples that each client holds back; none for clients with fewer than five.
  let heldBack: [[Int32]]
}

extension ConfigurationCheck {
  /// The layers that stay with their client, and the examples that each client trains on; nil for none.
  func personalLayers(
    _ model: any FederatedModel, _ clients: [[Int32]], isDealt: Bool
  ) throws(FederatedError) -> (layers: PersonalLayers, kept: [[Int32]])? {
    let options = configuration.personalization
    guard options.kind == "fedper" else { return nil }
    let key = "personalization.kind"
    guard isDealt else { throw refuse(key, "fedper needs examples that are dealt out") }
    guard !["scaffold", "fednova", "fedbuff"].contains(configuration.algorithm.kind) else {
      throw refuse(key, "fedper may not be used with algorithm \(configuration.algorithm.kind)")
    }
    guard configuration.compression.kind == "none" else { throw refuse(key, "fedper may not be used with compression") }
    guard configuration.cohort.sampling != "with-replacement" else {
      throw refuse("cohort.sampling", "with-replacement draws a client twice, which personalization fedper refuses")
    }
    guard configuration.privacy?.unit != "example" else {
      throw refuse(key, "fedper may not be used with privacy.unit example: the layers that stay get no noise")
    }
    // Parts of one layer have one name before the last dot.
    var layers: [(name: Substring, count: Int)] = []
    for part in model.layout {
      let name = part.name.lastIndex(of: ".").map { part.name[..<$0] } ?? part.name[...]
      if let last = layers.last, last.name == name {
        layers[layers.count - 1].count += part.count
      } else {
        layers.append((name, part.count))
      }
    }
    let own = options.layers ?? 1
    guard layers.count > 1 else { throw refuse(key, "fedper needs a model of at least two layers") }
    guard (1..<layers.count).contains(own) else {
      throw refuse("personalization.layers", "must be from 1 to \(layers.count - 1), one fewer than the model has")
    }
    var (kept, heldBack): ([[Int32]], [[Int32]]) = ([], [])
    let stream = SimulationGenerator(seed: configuration.seed, stream: "personalization")
    for (client, examples) in clients.enumerated() {
      var order = examples
      var draws = stream.substream(client)
      draws.shuffle(&order)
      let own = examples.count < Personalization.fewestExamples ? 0 : order.count / 5
      heldBack.append(order.prefix(own).sorted())
      kept.append(order.dropFirst(own).sorted())
    }
    let shared = layers.dropLast(own).reduce(0) { $0 + $1.count }
    return (PersonalLayers(shared: shared, measured: try measuredClients(), heldBack: heldBack), kept)
  }
}

extension Simulation {
  /// A client's own model: the shared layers with those that stayed with it, or that it would start from.
  ///
  /// - Returns: nil when no layers stay with clients.
  public func personalParameters(of client: Int) -> [Float]? {
    guard plan.personalLayers != nil, (0..<plan.clientCount).contains(client) else { return nil }
    guard let head = memories[client] else { return parameters }
    return parameters.prefix(plan.sharedCount) + head
  }

  /// Loss, accuracy and a backdoor's success after a round.
  func measure() throws -> (loss: Double?, accuracy: Double?, attackSuccess: Double?) {
    guard let layers = plan.personalLayers else {
      let (loss, accuracy) = try evaluate(plan.data.test, parameters, over: ranks)
      return (loss, accuracy, attackSuccess())
    }
    let own = try measurePersonal(layers, heads: memories)
    return (own?.loss, own?.accuracy, nil)
  }

  /// What personal layers, or further training, gained clients; nil when the configuration asks for neither.
  func personalize() throws -> Personalization? {
    guard let layers = plan.personalLayers else {
      return try plan.personalize(parameters, threads: threads, over: ranks)
    }
    let own = try measurePersonal(layers, heads: memories)
    let before = try measurePersonal(layers, heads: [:])
    return Personalization(clients: own?.clients ?? 0, before: before?.accuracy, after: own?.accuracy)
  }

  /// The share of test examples of other classes that a backdoor's trigger turns into the first; nil without one.
  private func attackSuccess() -> Double? {
    guard case .backdoor? = plan.robust?.attack else { return nil }
    let test = plan.data.test
    let others = test.picked((0..<Int32(test.count)).filter { test.labels[Int($0)] != 0 })
    // With the trigger every label is the first class, so that accuracy is the share that it turns.
    return others.count > 0 ? evaluate(others.withTrigger(every: 1)).accuracy : nil
  }

  /// Means over clients of loss and accuracy on what each holds back, of models with these heads, the global one where
  /// there is none; nil when nobody is measured.
  private func measurePersonal(
    _ layers: PersonalLayers, heads: [Int: [Float]]
  ) throws -> (clients: Int, loss: Double, accuracy: Double)? {
    let chosen = plan.drawn(layers.measured).filter { !layers.heldBack[$0].isEmpty }
    guard !chosen.isEmpty else { return nil }
    // Shares of a client are added up as whole numbers, so that threads do not change the mean.
    let sums = Mutex<(loss: Int64, accuracy: Int64)>((0, 0))
    let next = Atomic<Int>(0)
    let (plan, global, ranks) = (plan, parameters, ranks)
    DispatchQueue.concurrentPerform(iterations: min(threads, chosen.count)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < chosen.count else { return }
        // A head is where its client trains.
        guard CohortSplit.home(of: chosen[index], ranks: ranks.size) == ranks.rank else { continue }
        var own = global
        if let head = heads[chosen[index]] { own.replaceSubrange(layers.shared..., with: head) }
        let data = plan.data.training.picked(layers.heldBack[chosen[index]])
        let (loss, answers) = plan.model.predict(own, on: data)
        let right = Double(zip(data.labels, answers).count { Float($0) == $1 }) / Double(data.count)
        sums.withLock {
          if loss.isFinite, loss < 0x1p30 { $0.loss &+= Int64((loss * 0x1p20).rounded()) }
          $0.accuracy += Int64((right * 0x1p30).rounded())
        }
      }
    }
    let own = sums.withLock { $0 }
    var words = [own.loss, own.accuracy]
    try ranks.sum(&words)
    let (loss, accuracy) = (words[0], words[1])
    let count = Double(chosen.count)
    return (chosen.count, Double(loss) * 0x1p-20 / count, Double(accuracy) * 0x1p-30 / count)
  }
}
