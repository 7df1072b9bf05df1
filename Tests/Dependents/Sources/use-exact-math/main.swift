import ExactMath

guard let tenth = Rational("0.1") else { fatalError("0.1 is a number") }
let total = (1...10).reduce(Rational.zero) { sum, _ in sum + tenth }
guard total == 1 else { fatalError("ten tenths are \(total)") }
print("ten tenths are \(total)")
