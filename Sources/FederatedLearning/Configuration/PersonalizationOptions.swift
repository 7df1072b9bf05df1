/// `personalization:` what clients make of the trained model for themselves.
public struct PersonalizationOptions: Codable, Sendable, Hashable {
  /// `none`, or `fine-tune`: after the last round each client trains the global model further on its own examples.
  public var kind = "none"
  /// Passes over the client's examples; 1 unless given.
  public var epochs: Int?
  /// η of the further training, 0 or more; `client.learning_rate` unless given.
  public var learningRate: Double?
  /// The most clients that are measured, drawn from the seed when there are more; 1000 unless given.
  public var clients: Int?

  /// A personalization; see the properties.
  public init(kind: String = "none", epochs: Int? = nil, learningRate: Double? = nil, clients: Int? = nil) {
    self.kind = kind
    self.epochs = epochs
    self.learningRate = learningRate
    self.clients = clients
  }

  enum CodingKeys: String, CodingKey {
    case kind, epochs, clients
    case learningRate = "learning_rate"
  }
}

extension PersonalizationOptions: OptionSection {
  static var kinds: [(kind: String, options: [String])] {
    [("none", []), ("fine-tune", ["epochs", "learning_rate", "clients"])]
  }
  var selected: String { kind }
}
