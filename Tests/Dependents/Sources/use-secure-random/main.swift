import SecureRandom

var generator = SecureGenerator()
let words = (0..<4).map { _ in generator.next() }
guard Set(words).count == words.count else { fatalError("equal words") }
print("four words, all different")
