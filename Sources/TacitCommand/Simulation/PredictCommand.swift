import ArgumentParser
import FederatedLearning
import Foundation
import TacitVerbs

/// `tacit predict`: what a trained model says of a configuration's test set.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Answer the test set of a simulation's data with a trained model.",
    discussion: """
      Prints one answer a line, in the order of the test set: the class from 0, or a number for a model of numbers. \
      With --json loss and accuracy come with the answers.
      """)

  @Argument(help: "The simulation that the model was trained by, YAML or JSON.")
  var config: String

  @Argument(help: "The model, a safetensors or npz file from tacit simulate --output.")
  var model: String

  @Option(name: .long, help: "Where the answers go.")
  var output: String = "-"

  @Flag(name: .long, help: "Replace an existing output file.")
  var force = false

  @Flag(name: .long, help: "One JSON document instead of lines.")
  var json = false

  private struct Document: Encodable {
    let answers: [Float]
    let loss: Double
    let accuracy: Double?
  }

  func run() throws {
    try Output.refuseExisting(output, force: force)
    let plan = try SimulationFile.plan(config)
    let test = plan.data.test
    let (loss, answers): (Double, [Float])
    do {
      let parameters = try ModelFile.parameters(file: Input.read(model), of: plan.model)
      (loss, answers) = plan.model.predict(parameters, on: test)
    } catch let error as FederatedError {
      throw CommandFailure("\(model): \(error.message)")
    }
    let right = zip(answers, test.labels).count { $0 == Float($1) }
    if json {
      let accuracy = plan.model.classifies ? Double(right) / Double(test.count) : nil
      let text = try jsonText(Document(answers: answers, loss: loss, accuracy: accuracy))
      try Output.write(text + "\n", to: output, force: force)
    } else {
      let lines = answers.map { plan.model.classifies ? "\(Int($0))" : "\($0)" }
      try Output.write(lines.joined(separator: "\n") + "\n", to: output, force: force)
    }
  }
}
