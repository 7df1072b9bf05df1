import Foundation

/// A number in a JSON document that may be infinite: infinities are the strings `"inf"` and `"-inf"`, NaN is refused.
package struct JSONNumber: Encodable {
  package let value: Double

  package init(_ value: Double) {
    self.value = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if value.isInfinite {
      try container.encode(value < 0 ? "-inf" : "inf")
    } else {
      try container.encode(value)
    }
  }
}

/// Prints exactly one JSON document on standard output: sorted keys, one trailing newline.
///
/// Infinite numbers must be wrapped in ``JSONNumber``; a bare infinity or NaN is a programming error and throws.
package func emitJSON(_ value: some Encodable) throws {
  StandardOutput.write(try jsonText(value) + "\n")
}

/// The JSON text that ``emitJSON(_:)`` prints, for documents written to files.
package func jsonText(_ value: some Encodable, pretty: Bool = false) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting =
    pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
