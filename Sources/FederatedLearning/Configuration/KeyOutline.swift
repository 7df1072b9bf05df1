/// Any key of a decoded document.
struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// The keys of a document, without its values: what is checked against the known keys before anything is read.
indirect enum KeyOutline: Decodable {
  case leaf
  case map([String: KeyOutline])

  init(from decoder: any Decoder) throws {
    guard let container = try? decoder.container(keyedBy: AnyKey.self) else {
      self = .leaf
      return
    }
    var map: [String: KeyOutline] = [:]
    for key in container.allKeys {
      map[key.stringValue] = (try? container.decode(KeyOutline.self, forKey: key)) ?? .leaf
    }
    self = .map(map)
  }

  /// The keys at this level, none for a leaf.
  var keys: [String] {
    if case .map(let map) = self { return map.keys.sorted() }
    return []
  }

  /// The outline below a key.
  subscript(_ key: String) -> KeyOutline? {
    if case .map(let map) = self { return map[key] }
    return nil
  }

  /// Refuses keys outside `known`, with the nearest known one as a suggestion.
  func refuseUnknown(_ known: [String], path: String) throws(FederatedError) {
    for key in keys where !known.contains(key) {
      let subject = path.isEmpty ? key : "\(path).\(key)"
      throw FederatedError(.configuration, subject, "is not a known key\(Spelling.hint(key, among: known))")
    }
  }
}

/// Suggestions for misspelt words.
enum Spelling {
  /// `; did you mean "x"?` for a near word, else the allowed words.
  static func hint(_ word: String, among known: [String]) -> String {
    let ranked = known.map { (distance(word, $0), $0) }.min { $0.0 < $1.0 }
    if let ranked, ranked.0 <= max(2, word.count / 3) { return "; did you mean \(ranked.1)?" }
    return "; allowed: \(known.joined(separator: ", "))"
  }

  /// The number of insertions, deletions and substitutions between two words (Levenshtein 1966).
  static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.utf8), Array(second.utf8))
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let above = row[j + 1]
        row[j + 1] = min(diagonal + (a[i] == b[j] ? 0 : 1), min(above, row[j]) + 1)
        diagonal = above
      }
    }
    return row[b.count]
  }
}
