/// Numbers as little-endian bytes, the form in which ranks exchange them.
package enum Words {
  package static func bytes<Word: FixedWidthInteger>(_ words: some Sequence<Word>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.underestimatedCount * Word.bitWidth / 8)
    for word in words {
      var rest = word
      for _ in 0..<Word.bitWidth / 8 {
        bytes.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
    }
    return bytes
  }

  /// - Precondition: the length is a multiple of a word's.
  package static func words<Word: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as: Word.Type = Word.self) -> [Word] {
    let width = Word.bitWidth / 8
    precondition(bytes.count % width == 0, "whole words")
    var words = [Word](repeating: 0, count: bytes.count / width)
    var at = bytes.startIndex
    for index in words.indices {
      var word: Word = 0
      for place in 0..<width { word |= Word(truncatingIfNeeded: bytes[at + place]) << Word(8 * place) }
      words[index] = word
      at += width
    }
    return words
  }

  /// A range cut into pieces of at most `limit`, for interfaces that count in 32 bits.
  package static func pieces(_ count: Int, limit: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: limit).map { $0..<min(count, $0 + limit) }
  }
}
