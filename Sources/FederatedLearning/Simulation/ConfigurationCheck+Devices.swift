extension ConfigurationCheck {
  /// Devices, and the number of clients that a round draws for each that it wants.
  func devices(
    _ cohort: CohortSampling, clients: Int, epochs: Int
  ) throws(FederatedError) -> (schedule: DeviceSchedule, drawn: CohortSampling) {
    let options = configuration.devices
    let stragglers = try number(options.stragglers, "devices.stragglers", "from 0 to 1") { $0 >= 0 && $0 <= 1 }
    guard ["partial", "nothing"].contains(options.stragglersSend) else {
      throw refuse(
        "devices.stragglers_send",
        "must be partial or nothing\(Spelling.hint(options.stragglersSend, among: ["partial", "nothing"]))")
    }
    let pace = try number(options.secondsPerStep, "devices.seconds_per_step", "a finite number > 0") { $0 > 0 }
    let spread = try number(options.spread, "devices.spread", "from 0 to 10") { $0 >= 0 && $0 <= 10 }
    if let timeout = options.timeout {
      _ = try number(timeout, "devices.timeout", "a finite number > 0") { $0 > 0 }
    }
    let over = try number(options.overSelection, "devices.over_selection", "from 1 to 100") { $0 >= 1 && $0 <= 100 }
    var drawn = cohort
    var enough: Int?
    if over > 1 {
      guard case .fixed(let size) = cohort else {
        throw refuse("devices.over_selection", "needs cohort.sampling fixed")
      }
      guard configuration.privacy == nil else {
        throw refuse(
          "devices.over_selection", "may not be used with privacy: who reports first depends on the other clients")
      }
      enough = size
      drawn = .fixed(size: min(clients, Int((Double(size) * over).rounded(.up))))
    }
    return (
      DeviceSchedule(
        dropout: configuration.dropout, stragglers: stragglers, sendsPartialWork: options.stragglersSend == "partial",
        secondsPerStep: pace, spread: spread, timeout: options.timeout, enough: enough, epochs: epochs,
        seed: configuration.seed), drawn
    )
  }
}
