package import PrivateStatistics
import Yams

/// Reads `QUERY.yaml`.
package enum QueryFile {
  /// Reads and checks a query; errors name the file and the field or line.
  ///
  /// - Parameter continual: The time column of running totals, where the command line names one.
  package static func read(_ path: String, continual: String? = nil) throws -> Query {
    let query = try decode(Input.readText(path), path: path)
    guard let continual else { return query }
    guard query.continual == nil || query.continual == continual else {
      throw CommandFailure("\(path): continual: names another column than --continual")
    }
    return try refusing { try query.continual(over: continual) }
  }

  /// Reads and checks a query's text.
  package static func decode(_ text: String, path: String) throws -> Query {
    do {
      return try YAMLDecoder().decode(Query.self, from: text)
    } catch {
      throw CommandFailure("\(path): \(reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    if let error = error as? StatisticsError { return error.description }
    if let error = error as? YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        return "line \(mark.line): \(problem)"
      case .duplicatedKeysInMapping(_, let context):
        return "line \(context.mark.line): names a key twice"
      default: return "is not YAML"
      }
    }
    if let error = error as? DecodingError {
      switch error {
      case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context):
        if let inner = context.underlyingError { return reason(inner) }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        return place.isEmpty ? "is not a query" : "\(place): is not of the right kind"
      @unknown default: return "is not a query"
      }
    }
    return "is not a query"
  }
}
