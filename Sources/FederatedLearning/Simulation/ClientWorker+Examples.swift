import ExactMath
import SecureRandom

extension ClientWorker {
  /// DP-SGD at the client (Abadi and others 2016), where what is protected is a single example.
  ///
  /// A step takes each example with the batch rate, rounds its gradient to the grid, clips it there in exact integers,
  /// adds the integers up, and adds exact noise of the client's own to the sum. Dividing by the batch size and moving
  /// the model is post-processing: nothing but the noised sums of steps leaves this function, apart from counts and
  /// losses for the experimenter. A client without examples takes the same steps, of noise alone.
  ///
  /// Adding an example to a client changes each step's sum, with the probability of the rate, by an integer vector of
  /// norm at most the radius: a Poisson-sampled Gaussian for every step. An example is one client's, so clients do not
  /// add up, and everything that the server makes of their models is post-processing.
  func descendPrivately(
    _ data: LabeledData, _ examples: [Int32], client: Int, _ task: RoundTask, _ quantizer: Quantizer,
    _ noise: NoiseShare
  ) {
    guard let rate = plan.configuration.client.batchRate?.value else { preconditionFailure("a plan has a batch rate") }
    var generator = SimulationGenerator(seed: plan.configuration.seed, stream: "batches")
      .substream(task.round).substream(client)
    // In units of 2^-53, rounded down: never more often than the accountant was told.
    let threshold = UInt64((rate * Rational(1 << 53)).floor ?? 0)
    let perEpoch = plan.stepsPerEpoch(examples: plan.size(of: client))
    let scale = quantizer.step * Double(plan.learningRate) / Double(plan.batchSize)
    let count = parameters.count
    var sum = [Int64](repeating: 0, count: count)
    var draws = sum
    for step in 0..<perEpoch * (task.epochs[client] ?? plan.epochs) {
      for index in sum.indices { sum[index] = 0 }
      before.removeAll(keepingCapacity: true)
      before.append(contentsOf: parameters)
      for example in examples where generator.next() >> 11 < threshold {
        let loss = runner.descend(&parameters, on: data, examples: [example], rate: 1)
        if loss.isFinite, loss < 0x1p40 { tally.loss &+= Int64((loss * 0x1p20).rounded()) }
        tally.examples += 1
        // Minus the gradient, and the model back.
        for index in 0..<count { parameters[index] -= before[index] }
        let outcome = quantizer.quantize(parameters, into: &exampleGrid)
        tally.clipped += outcome.clipped ? 1 : 0
        tally.rejected += outcome.rejected ? 1 : 0
        for index in 0..<count { sum[index] += Int64(exampleGrid[index]) }
        for index in 0..<count { parameters[index] = before[index] }
      }
      // Rounds and steps of simulated noise are numbered through, so that no two draws are the same.
      let place = (task.round - 1) * (plan.privacy?.releasesPerRound ?? 1) + step + 1
      noise.fill(&draws, round: place, party: client)
      for index in 0..<count {
        parameters[index] = before[index] + Float(Double(sum[index] + draws[index]) * scale)
      }
      steps += 1
    }
  }
}
