import ArgumentParser
import DifferentialPrivacy
import ExactMath
import Glibc
import PrivacyAccounting
import SecureRandom

/// What both sides of the local model must agree on.
struct LocalModelOptions: ParsableArguments {
  @Option(name: .long, help: "The possible answers, separated by commas.")
  var keys: String

  @Option(name: .long, help: "The privacy of one answer; the replacement probability is the smallest that meets it.")
  var epsilon: String?

  @Option(
    name: .long, help: "The probability of replacing an answer by a uniform one, instead of --epsilon: 1/4, 0.25.")
  var replacement: String?

  @Option(name: .long, help: "Answers, one a line; '-' is standard input.")
  var input = "-"

  func validate() throws {
    if (epsilon == nil) == (replacement == nil) { throw ValidationError("either --epsilon or --replacement is needed") }
  }

  /// The answers, each once.
  func categories() throws -> [String] {
    let names = keys.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.count >= 2, Set(names.map { Array($0.utf8) }).count == names.count, !names.contains("") else {
      throw CommandFailure("--keys: must be two or more different answers", code: .usage)
    }
    return names
  }

  /// The randomiser.
  func mechanism(categories: Int) throws -> RandomizedResponse {
    do {
      if let replacement {
        guard let probability = Rational(replacement) else {
          throw CommandFailure("--replacement: must be an exact number such as 1/4", code: .usage)
        }
        return try RandomizedResponse(replacement: probability, categories: categories)
      }
      let template = try EventTemplate(parsing: "randomized-response(p=?, k=\(categories))")
      let solved = try Calibration.solve(
        template, epsilon: Epsilon(epsilon ?? ""), delta: Delta(0), adjacency: .replaceOne)
      return try RandomizedResponse(replacement: solved.value, categories: categories)
    } catch let error as ParameterError {
      throw CommandFailure(error.description, code: .usage)
    } catch let error as AccountingError {
      throw CommandFailure("--epsilon: \(error.message)", code: .usage)
    }
  }

  /// The answers of the input as places among the categories.
  func answers(_ categories: [String]) throws -> [Int] {
    let places = Dictionary(uniqueKeysWithValues: categories.enumerated().map { (Array($1.utf8), $0) })
    let name = input == "-" ? "standard input" : input
    var result: [Int] = []
    let bytes = try Input.read(input)
    for (line, text) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      let answer = text.last == 13 ? text.dropLast() : text
      if answer.isEmpty { continue }
      guard let place = places[Array(answer)] else {
        throw CommandFailure("\(name):\(line + 1): is none of the possible answers")
      }
      result.append(place)
    }
    return result
  }
}

/// `tacit randomize`: each answer is randomised where it is, before anybody else sees it.
struct RandomizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "randomize",
    abstract: "Randomise answers one by one: the side of the local model that holds the data.",
    discussion: """
      Every line is one answer of one person. Two answers of the same person cost twice the epsilon.
      The other side reads the result with 'tacit estimate' and the same --keys and --epsilon (or --replacement).
      """)

  @OptionGroup var options: LocalModelOptions

  func run() throws {
    let categories = try options.categories()
    let mechanism = try options.mechanism(categories: categories.count)
    let answers = try options.answers(categories)
    var generator = SecureGenerator()
    StandardOutput.write(
      answers.map { categories[mechanism.respond($0, using: &generator)] + "\n" }.joined())
  }
}

/// `tacit estimate`: how many gave each answer, from randomised ones.
struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Estimate how many gave each answer from randomised ones: the other side of the local model.",
    discussion: """
      Estimates are unbiased and may be negative; each 95 % interval holds by itself (Hoeffding 1963).
      """)

  @OptionGroup var options: LocalModelOptions

  @Flag(name: .long, help: "Print one JSON document.")
  var json = false

  private struct Document: Encodable {
    struct Answer: Encodable {
      let estimate: Double
      let high: Double
      let key: String
      let low: Double
    }
    let answers: [Answer]
    let confidence: Double
    let event: String
    let responses: Int
  }

  func run() throws {
    let categories = try options.categories()
    let mechanism = try options.mechanism(categories: categories.count)
    var counts = [Int](repeating: 0, count: categories.count)
    for answer in try options.answers(categories) { counts[answer] += 1 }
    guard let estimates = mechanism.estimates(fromCounts: counts) else {
      throw CommandFailure("--replacement: at 1 the answers say nothing", code: .usage)
    }
    let total = counts.reduce(0, +)
    // A count is a sum of independent 0s and 1s: P[|c − E c| ≥ t] ≤ 2·e^(−2t²/N).
    let reach = (Double(total) * log(2 / 0.05) / 2).squareRoot() / (1 - mechanism.replacement.value.doubleValue)
    let answers = zip(categories, estimates).map { key, estimate in
      let value = estimate.doubleValue
      return Document.Answer(
        estimate: value, high: min(Double(total), value + reach), key: key, low: max(0, value - reach))
    }
    if json {
      try emitJSON(
        Document(answers: answers, confidence: 0.95, event: mechanism.event.description, responses: total))
    } else {
      let lines = answers.map { "\($0.key),\($0.estimate),\($0.low),\($0.high)" }
      StandardOutput.write((["key,estimate,estimate_low,estimate_high"] + lines).joined(separator: "\n") + "\n")
    }
  }
}
