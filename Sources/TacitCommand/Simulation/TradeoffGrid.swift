import FederatedLearning
import Foundation
import TacitVerbs

/// One assignment of values to keys of a configuration, and the configurations that it makes.
struct TradeoffSetting {
  /// Keys with dots between sections, and the text of their values.
  let values: [(key: String, text: String)]

  /// What a person reads: `client.learning_rate=0.1, model.kind=mlp`.
  var name: String { values.map { "\($0.key)=\($0.text)" }.joined(separator: ", ") }

  /// All combinations of `KEY=V1,V2,…` arguments, one empty one for none.
  ///
  /// - Throws: ``CommandFailure`` for an argument of another form.
  static func all(_ arguments: [String]) throws -> [TradeoffSetting] {
    var settings = [TradeoffSetting(values: [])]
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw CommandFailure("--grid must be KEY=VALUE,VALUE,…, such as client.learning_rate=0.1,0.3")
      }
      let texts = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard !texts.contains("") else { throw CommandFailure("--grid \(parts[0]): has an empty value") }
      settings = settings.flatMap { setting in
        texts.map { TradeoffSetting(values: setting.values + [(String(parts[0]), $0)]) }
      }
    }
    return settings
  }

  /// A configuration with these values, checked like one that was read.
  func apply(to base: SimulationConfiguration) throws -> SimulationConfiguration {
    guard !values.isEmpty else { return base }
    guard
      var document = try JSONSerialization.jsonObject(with: JSONEncoder().encode(base)) as? [String: Any]
    else { return base }
    for (key, text) in values {
      TradeoffSetting.set(&document, key.split(separator: ".").map(String.init)[...], TradeoffSetting.value(text))
    }
    let data = try JSONSerialization.data(withJSONObject: document)
    do {
      return try JSONDecoder().decode(SimulationConfiguration.self, from: data)
    } catch let error as DecodingError {
      if case .dataCorrupted(let context) = error, let cause = context.underlyingError as? FederatedError {
        throw CommandFailure("--grid \(name): \(cause)")
      }
      throw CommandFailure("--grid \(name): has a value of the wrong form")
    } catch {
      throw CommandFailure("--grid \(name): \(error)")
    }
  }

  private static func set(_ document: inout [String: Any], _ path: ArraySlice<String>, _ value: Any) {
    guard let first = path.first else { return }
    if path.count == 1 {
      document[first] = value
      return
    }
    var inner = document[first] as? [String: Any] ?? [:]
    set(&inner, path.dropFirst(), value)
    document[first] = inner
  }

  private static func value(_ text: String) -> any Sendable {
    if let whole = Int(text) { return whole }
    if let number = Double(text), number.isFinite { return number }
    if let flag = Bool(text) { return flag }
    return text
  }
}
