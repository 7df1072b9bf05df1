import FederatedLearning
import Testing

@Suite struct ModelFileTests {
  @Test func `both formats of a model are read back, told apart by themselves`() throws {
    let plan = try SimulationPlan(SimulationTests.small())
    let parameters = Simulation(plan, threads: 1).parameters
    for file in [ModelFile.npz(parameters, of: plan.model), ModelFile.safetensors(parameters, of: plan.model)] {
      #expect(try ModelFile.parameters(file: file, of: plan.model) == parameters)
      let other = Network(inputs: 64, hidden: [3], classes: 10)
      #expect(throws: FederatedError.self) { try ModelFile.parameters(file: file, of: other) }
    }
  }

  @Test func `a damaged, cut or compressed archive is refused`() throws {
    let plan = try SimulationPlan(SimulationTests.small("softmax"))
    let file = ModelFile.npz(Simulation(plan, threads: 1).parameters, of: plan.model)
    for place in stride(from: 0, to: file.count, by: 23) {
      var torn = file
      torn[place] ^= 0x55
      // A flipped bit is refused or lies where it means nothing, such as a date; it never changes a number.
      if let read = try? ModelFile.parameters(npz: torn, of: plan.model) { #expect(read.allSatisfy { $0 == 0 }) }
    }
    for cut in [0, 4, 21, 22, 100, file.count - 1] {
      #expect(throws: FederatedError.self) { try ModelFile.parameters(npz: Array(file[..<cut]), of: plan.model) }
    }
  }
}
