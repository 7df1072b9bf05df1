/// `personalization:` what clients make of the trained model for themselves.
public struct PersonalizationOptions: Codable, Sendable, Hashable {
  /// `none`; `fine-tune`: after the last round each client trains the global model further on its own examples; or
  /// `fedper`: the last layers stay with their client and only the layers before them are shared.
  public var kind = "none"
  /// Passes over the client's examples; 1 unless given.
  public var epochs: Int?
  /// η of the further training, 0 or more; `client.learning_rate` unless given.
  public var learningRate: Double?
  /// The most clients that are measured, drawn from the seed when there are more; 1000 unless given.
  public var clients: Int?
  /// How many layers, from the last, stay with their client, for `fedper`; 1 unless given.
  public var layers: Int?

  /// A personalization; see the properties.
  public init(
    kind: String = "none", epochs: Int? = nil, learningRate: Double? = nil, clients: Int? = nil, layers: Int? = nil
  ) {
    self.kind = kind
    self.epochs = epochs
    self.learningRate = learningRate
    self.clients = clients
    self.layers = layers
  }

  enum CodingKeys: String, CodingKey {
    case kind, epochs, clients, layers
    case learningRate = "learning_rate"
  }
}

extension PersonalizationOptions: OptionSection {
  static var kinds: [(kind: String, options: [String])] {
    [("none", []), ("fine-tune", ["epochs", "learning_rate", "clients"]), ("fedper", ["layers", "clients"])]
  }
  var selected: String { kind }
}
