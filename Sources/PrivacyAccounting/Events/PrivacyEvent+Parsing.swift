import ExactMath

extension PrivacyEvent {
  /// Reads an event of the command's grammar, for example `poisson(rate=0.01, gaussian(sigma=1.1)) * 1000`.
  ///
  /// `*` binds tighter than `+`; numbers are exact decimals or fractions; spaces do not matter.
  ///
  /// **Edge cases**: text above 65,536 bytes and nesting deeper than 64 are refused.
  ///
  /// - Throws: ``ParameterError`` naming the position or the parameter.
  public init(parsing text: String) throws(ParameterError) {
    var parser = EventParser(text)
    self = try parser.wholeEvent()
  }
}

/// A recursive-descent parser over bytes; the grammar is ASCII.
private struct EventParser {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  static let maximumLength = 65_536
  static let maximumDepth = 64

  init(_ text: String) {
    bytes = Array(text.utf8)
  }

  mutating func wholeEvent() throws(ParameterError) -> PrivacyEvent {
    guard bytes.count <= EventParser.maximumLength else {
      throw ParameterError(.malformedEvent, "event", "is longer than \(EventParser.maximumLength) bytes")
    }
    let event = try sum()
    skipSpaces()
    guard position == bytes.count else { throw failure("expected the end, '+' or '*'") }
    return event
  }

  // MARK: Grammar

  private mutating func sum() throws(ParameterError) -> PrivacyEvent {
    depth += 1
    defer { depth -= 1 }
    guard depth <= EventParser.maximumDepth else { throw failure("nesting is too deep") }
    var terms = [try product()]
    while accept("+") { terms.append(try product()) }
    return terms.count == 1 ? terms[0] : .composed(terms)
  }

  private mutating func product() throws(ParameterError) -> PrivacyEvent {
    var event = try primary()
    var factors = 0
    while accept("*") {
      factors += 1
      guard factors <= EventParser.maximumDepth else { throw failure("nesting is too deep") }
      event = .repeated(event, count: try Repetitions(wholeNumber("count", number("count"))))
    }
    return event
  }

  private mutating func primary() throws(ParameterError) -> PrivacyEvent {
    if accept("(") {
      let event = try sum()
      try expect(")")
      return event
    }
    let start = position
    let name = word()
    guard !name.isEmpty else { throw failure("expected an event") }
    try expect("(")
    var arguments = EventArguments(name: name, start: start)
    if !accept(")") {
      repeat { try argument(into: &arguments) } while accept(",")
      try expect(")")
    }
    return try event(from: &arguments)
  }

  private mutating func argument(into arguments: inout EventArguments) throws(ParameterError) {
    skipSpaces()
    let start = position
    if let byte = peek(), isNumberByte(byte) {
      guard arguments.unnamed == nil else { throw failure("unexpected second number") }
      arguments.unnamed = try number(arguments.name)
      return
    }
    let name = word()
    if !name.isEmpty, accept("=") {
      guard arguments.values[name] == nil else { throw failure("'\(name)' is given twice") }
      arguments.values[name] = try number(name)
      return
    }
    position = start
    guard arguments.event == nil else { throw failure("unexpected second event") }
    arguments.event = try sum()
  }

  private func event(from arguments: inout EventArguments) throws(ParameterError) -> PrivacyEvent {
    let event: PrivacyEvent
    switch arguments.name {
    case "nothing": event = .nothing
    case "composed": event = .composed([try arguments.nested()])
    case "laplace":
      event = try .laplace(scale: arguments.take("scale"), sensitivity: arguments.take("sensitivity", default: 1))
    case "gaussian":
      let scale: NoiseScale = try arguments.root()
      let sensitivity: L2Sensitivity = try arguments.root(default: 1)
      event = .gaussian(noiseMultiplier: try NoiseMultiplier(scale, over: sensitivity))
    case "discrete-laplace":
      event = try .discreteLaplace(
        scale: arguments.take("scale"), sensitivity: arguments.take("sensitivity", default: 1))
    case "discrete-gaussian":
      event = .discreteGaussian(
        sigma: try arguments.root(), sensitivity: try arguments.root(default: 1),
        dimension: try arguments.count("dimension", default: 1))
    case "distributed-discrete-gaussian":
      event = .distributedDiscreteGaussian(
        sigma: try arguments.root(), clients: try arguments.count("clients"),
        sensitivity: try arguments.root(default: 1), dimension: try arguments.count("dimension", default: 1))
    case "skellam":
      event = .skellam(
        sigma: try arguments.root(), sensitivity: try arguments.root(default: 1),
        dimension: try arguments.count("dimension", default: 1))
    case "randomized-response":
      event = .randomizedResponse(
        replacement: try ReplacementProbability(arguments.take("p")), categories: try arguments.count("k"))
    case "exponential": event = try .exponential(epsilon: arguments.take("epsilon"))
    case "epsilon-delta":
      event = try .epsilonDelta(epsilon: arguments.take("epsilon"), delta: arguments.take("delta", default: 0))
    case "zcdp": event = try .zcdp(rho: arguments.take("rho"))
    case "sparse-vector":
      event = .sparseVector(
        epsilon: try Epsilon(arguments.take("epsilon")), cutoff: try arguments.count("cutoff", default: 1))
    case "tree": event = .tree(levels: try arguments.count("levels"), node: try arguments.nested())
    case "group": event = .group(size: try arguments.leadingCount("k"), try arguments.nested())
    case "shuffle": event = .shuffled(population: try arguments.count("n"), try arguments.nested())
    case "poisson": event = try .poissonSampled(rate: arguments.take("rate"), arguments.nested())
    case "without-replacement":
      let sizes = try FixedSizeSample(
        sample: arguments.integer("sample"), population: arguments.integer("population"))
      event = .sampledWithoutReplacement(sizes, try arguments.nested())
    default:
      throw ParameterError(
        .malformedEvent, "event", "unknown event '\(arguments.name.prefix(40))' at character \(arguments.start + 1)")
    }
    try arguments.finish()
    return event
  }

  // MARK: Tokens

  private func isNumberByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
  }

  private mutating func number(_ name: String) throws(ParameterError) -> Rational {
    skipSpaces()
    let start = position
    while let byte = peek() {
      let inExponent = position > start && (bytes[position - 1] | 0x20) == UInt8(ascii: "e")
      let signs = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      let letter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      let slash = byte == UInt8(ascii: "/")
      guard isNumberByte(byte) || letter || slash || (signs && (inExponent || position == start)) else { break }
      position += 1
    }
    guard let value = Rational(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw ParameterError(
        .notANumber, name, "is not an exact decimal or fraction such as 0.05 or 5/3, at character \(start + 1)")
    }
    return value
  }

  private mutating func word() -> String {
    skipSpaces()
    let start = position
    while let byte = peek(),
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
        || (position > start && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte))
    {
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func accept(_ symbol: Character) -> Bool {
    skipSpaces()
    guard let byte = peek(), byte == symbol.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ symbol: Character) throws(ParameterError) {
    guard accept(symbol) else { throw failure("expected '\(symbol)'") }
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpaces() {
    while let byte = peek(), byte == UInt8(ascii: " ") || (9...13).contains(byte) { position += 1 }
  }

  private func failure(_ message: String) -> ParameterError {
    ParameterError(.malformedEvent, "event", "\(message) at character \(position + 1)")
  }
}

private func wholeNumber(_ name: String, _ value: Rational) throws(ParameterError) -> Int {
  guard let integer = value.integer else { throw ParameterError(.outOfRange, name, "must be a whole number") }
  return integer
}

/// The arguments of one event while they are being taken out by name.
private struct EventArguments {
  let name: String
  let start: Int
  var values: [String: Rational] = [:]
  var unnamed: Rational?
  var event: PrivacyEvent?

  private func missing(_ parameter: String) -> ParameterError {
    ParameterError(.malformedEvent, parameter, "is missing in '\(name)' at character \(start + 1)")
  }

  mutating func take(_ parameter: String, default fallback: Rational? = nil) throws(ParameterError) -> Rational {
    guard let value = values.removeValue(forKey: parameter) ?? fallback else { throw missing(parameter) }
    return value
  }

  mutating func integer(_ parameter: String) throws(ParameterError) -> Int {
    try wholeNumber(parameter, take(parameter))
  }

  mutating func count<Kind>(
    _ parameter: String, default fallback: Rational? = nil
  ) throws(ParameterError) -> Count<
    Kind
  > {
    try Count(wholeNumber(parameter, take(parameter, default: fallback)))
  }

  mutating func leadingCount<Kind>(_ parameter: String) throws(ParameterError) -> Count<Kind> {
    if let number = unnamed {
      unnamed = nil
      return try Count(wholeNumber(parameter, number))
    }
    return try count(parameter)
  }

  mutating func root<Kind>(default fallback: Rational? = nil) throws(ParameterError) -> RootQuantity<Kind> {
    if let squared = values.removeValue(forKey: Kind.squaredName) {
      guard values[Kind.name] == nil else {
        throw ParameterError(.inconsistent, Kind.name, "is given together with \(Kind.squaredName)")
      }
      return try RootQuantity(squared: squared)
    }
    return try RootQuantity(take(Kind.name, default: fallback))
  }

  mutating func nested() throws(ParameterError) -> PrivacyEvent {
    guard let nested = event else { throw missing("event") }
    event = nil
    return nested
  }

  func finish() throws(ParameterError) {
    if let extra = values.keys.min() {
      throw ParameterError(.malformedEvent, extra, "is not a parameter of '\(name)' at character \(start + 1)")
    }
    guard unnamed == nil, event == nil else {
      throw ParameterError(.malformedEvent, name, "has an argument too many at character \(start + 1)")
    }
  }
}
