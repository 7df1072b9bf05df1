/// What clients gained by training the global model further for themselves.
///
/// Each measured client holds a fifth of its examples back, at least one, drawn from the seed, and trains on the rest.
/// With `fedper` no round ever sees what is held back; with `fine-tune` the further training does not, and the rounds
/// before it may have. Like losses, these numbers are for the experimenter: they come from clients' examples without
/// noise and carry no privacy.
public struct Personalization: Sendable, Hashable {
  /// How many clients were measured: those drawn that have at least five examples, and are not hostile.
  public let clients: Int
  /// The mean over clients of the global model's accuracy on what each holds back; nil when nobody was measured.
  ///
  /// With `fedper` the global model has the layers that every client started from.
  public let before: Double?
  /// The same of each client's own model.
  public let after: Double?

  /// The fewest examples of a client that is measured.
  static let fewestExamples = 5
}

/// How clients train further after the last round.
struct FineTuning: Sendable {
  let epochs: Int
  let rate: Float
  let clients: Int
}

extension ConfigurationCheck {
  /// The training after the last round, nil for none.
  func fineTuning(_ model: any FederatedModel) throws(FederatedError) -> FineTuning? {
    let options = configuration.personalization
    guard options.kind != "none" else { return nil }
    guard model.classifies else {
      throw refuse("personalization.kind", "needs a model that classifies: it is measured in accuracy")
    }
    guard options.kind == "fine-tune" else { return nil }
    let epochs = options.epochs ?? 1
    guard (1...1_000_000).contains(epochs) else {
      throw refuse("personalization.epochs", "must be from 1 to 1000000")
    }
    let clients = try measuredClients()
    let rate = try number(
      options.learningRate ?? configuration.client.learningRate, "personalization.learning_rate",
      "a finite number of at least 0"
    ) { $0 >= 0 && Float($0).isFinite }
    return FineTuning(epochs: epochs, rate: Float(rate), clients: clients)
  }

  /// The most clients that are measured.
  func measuredClients() throws(FederatedError) -> Int {
    let clients = configuration.personalization.clients ?? 1000
    guard (1...10_000_000).contains(clients) else {
      throw refuse("personalization.clients", "must be from 1 to 10000000")
    }
    return clients
  }
}
