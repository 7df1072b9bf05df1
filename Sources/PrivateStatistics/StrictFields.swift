import ExactMath

/// The members of a mapping, each read once, unknown ones refused, every error naming its field.
struct StrictFields<Key: CodingKey & CaseIterable & RawRepresentable> where Key.RawValue == String {
  private let container: KeyedDecodingContainer<Key>
  private let place: String

  init(_ decoder: any Decoder, _ place: String) throws {
    self.place = place
    let any: KeyedDecodingContainer<AnyKey>
    do {
      any = try decoder.container(keyedBy: AnyKey.self)
      container = try decoder.container(keyedBy: Key.self)
    } catch {
      throw StatisticsError.query(place, "must be a mapping")
    }
    let known = Key.allCases.map(\.rawValue)
    for key in any.allKeys.map(\.stringValue).sorted() where !known.contains(key) {
      let fields = known.sorted().joined(separator: ", ")
      throw StatisticsError.query(place, "has an unknown field \"\(key)\"; the fields are \(fields)")
    }
  }

  private func field(_ key: Key) -> String {
    place == "query" ? key.rawValue : "\(place).\(key.rawValue)"
  }

  func decode<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value {
    guard let value = try optional(type, key) else { throw StatisticsError.query(field(key), "is needed") }
    return value
  }

  func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
    guard container.contains(key) else { return nil }
    do {
      return try container.decodeIfPresent(type, forKey: key)
    } catch let error as StatisticsError {
      throw error
    } catch {
      throw StatisticsError.query(field(key), StrictFields.expectation(of: type))
    }
  }

  /// What belongs into a field: the choices where its values have names.
  private static func expectation(of type: Any.Type) -> String {
    guard let choices = type as? any CaseIterable.Type else { return "is not of the right kind" }
    return "must be one of \(names(choices))"
  }

  private static func names<Choices: CaseIterable>(_ type: Choices.Type) -> String {
    type.allCases.map { choice in
      (choice as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\(choice)"
    }.joined(separator: ", ")
  }

  func number(_ key: Key) throws -> Rational {
    guard let value = try optionalNumber(key) else { throw StatisticsError.query(field(key), "is needed") }
    return value
  }

  func optionalNumber(_ key: Key) throws -> Rational? {
    do {
      return try optional(ExactNumber.self, key)?.value
    } catch let error as StatisticsError {
      throw StatisticsError.query(field(key), error.reason)
    }
  }

  func optionalNumbers(_ key: Key) throws -> [Rational]? {
    do {
      return try optional([ExactNumber].self, key)?.map(\.value)
    } catch let error as StatisticsError {
      throw StatisticsError.query(field(key), error.reason)
    }
  }
}

/// A member name that accepts every text.
private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil

  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// A finite number, exactly as it was written: text such as `0.05`, `1e-6` or `5/3`, or a JSON number by its shortest
/// decimal text.
private struct ExactNumber: Decodable {
  let value: Rational

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text: String
    if let plain = try? container.decode(String.self) {
      text = plain
    } else if let whole = try? container.decode(Int.self) {
      text = "\(whole)"
    } else {
      text = "\(try container.decode(Double.self))"
    }
    guard let value = Rational(text) else {
      throw StatisticsError.query("number", "is not a finite exact number such as 0.05, 1e-6 or 5/3")
    }
    self.value = value
  }
}
