/// `devices:` how simulated clients behave: who is slow, who stops early, how long a round waits.
///
/// Everything is a function of the seed. Time is simulated: a client takes `seconds_per_step` for every step of its
/// work, times a factor of its own, e^(spread·N) with one standard normal draw N a client.
public struct DeviceOptions: Codable, Sendable, Hashable {
  /// The share of a cohort that does only part of its work.
  public var stragglers = 0.0
  /// What stragglers send: `partial`, the result of a uniform number of their epochs, as in FedProx; or `nothing`.
  public var stragglersSend = "partial"
  /// Simulated seconds of a step of a client of middling speed.
  public var secondsPerStep = 1.0
  /// The deviation of the logarithm of clients' speeds.
  public var spread = 0.0
  /// Simulated seconds after which a round goes on without those who have not reported.
  public var timeout: Double?
  /// Draws this many times the cohort and goes on when a cohort has reported; at least 1.
  public var overSelection = 1.0

  /// Devices; see the properties.
  public init(stragglers: Double = 0, stragglersSend: String = "partial") {
    self.stragglers = stragglers
    self.stragglersSend = stragglersSend
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case stragglers, spread, timeout
    case stragglersSend = "stragglers_send"
    case secondsPerStep = "seconds_per_step"
    case overSelection = "over_selection"
  }

  /// Reads the keys that are there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    stragglers = try container.decodeIfPresent(Double.self, forKey: .stragglers) ?? stragglers
    stragglersSend = try container.decodeIfPresent(String.self, forKey: .stragglersSend) ?? stragglersSend
    secondsPerStep = try container.decodeIfPresent(Double.self, forKey: .secondsPerStep) ?? secondsPerStep
    spread = try container.decodeIfPresent(Double.self, forKey: .spread) ?? spread
    timeout = try container.decodeIfPresent(Double.self, forKey: .timeout)
    overSelection = try container.decodeIfPresent(Double.self, forKey: .overSelection) ?? overSelection
  }
}

extension DeviceOptions: OptionSection {
  static var common: [String] { CodingKeys.allCases.map(\.stringValue) }
  static var kinds: [(kind: String, options: [String])] { [] }
  var selected: String { "" }
}
