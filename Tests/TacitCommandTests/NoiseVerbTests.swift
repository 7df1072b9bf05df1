import Foundation
import Testing

/// `tacit noise` over the whole set of mechanisms.
@Suite struct NoiseVerbTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  private func lines(_ arguments: String...) throws -> [String] {
    let run = try CommandRun(["noise"] + arguments, in: folder)
    #expect(run.code == 0)
    return run.output.split(separator: "\n").map(String.init)
  }

  @Test func `staircase noise comes one whole number a line`() throws {
    let samples = try lines("staircase", "--scale", "5", "--sensitivity", "3", "--count", "50")
    #expect(samples.count == 50)
    #expect(samples.allSatisfy { Int($0) != nil })
  }

  @Test(arguments: ["exponential", "permute-and-flip", "noisy-max-laplace", "noisy-max-exponential"])
  func `a choice prints the index of a score`(name: String) throws {
    // At ε = 40 the gap of 100 is missed with probability below e^(−1900).
    #expect(try lines(name, "--epsilon", "40", "--values=-5,100,0", "--count", "4") == ["1", "1", "1", "1"])
  }

  @Test(arguments: [
    "randomized-response", "symmetric-unary", "optimized-unary", "subset-selection", "hadamard", "local-hashing",
  ])
  func `a local mechanism prints one report a value`(name: String) throws {
    #expect(try lines(name, "--epsilon", "1", "--categories", "5", "--values", "0,4,2").count == 3)
    let refused = try folder.run("noise", name, "--epsilon", "1", "--categories", "5", "--values", "5")
    #expect(refused.isRefusal(1, naming: "values"))
  }

  @Test func `streams and quantiles answer the values given`() throws {
    #expect(try lines("tree", "--scale", "1/1000", "--values", "1,2,3") == ["1", "3", "6"])
    #expect(try lines("toeplitz", "--rho", "1000000", "--values", "1,2,3") == ["1", "3", "6"])
    let said = try lines("sparse-vector", "--epsilon", "900", "--values=-5,5,5", "--threshold", "0")
    #expect(said == ["below", "above"])
    for name in ["quantile", "smooth-quantile", "quantile-tree"] {
      let answer = try lines(name, "--epsilon", "1", "--range", "0,10", "--values", "4,5,6")
      #expect(answer.count == 1)
      #expect((0...10).contains(Int(answer[0]) ?? -1))
    }
  }

  @Test func `samples of fixed cost are whole numbers, and their event has the failure`() throws {
    for name in ["discrete-laplace", "discrete-gaussian"] {
      let samples = try lines(name, "--scale", "20", "--fixed-cost", "--count", "40")
      #expect(samples.count == 40 && samples.allSatisfy { Int($0) != nil })
      let run = try folder.run("noise", name, "--scale", "20", "--fixed-cost", "--describe")
      #expect((run.json?["event"] as? String)?.contains("delta=0.000000000000000001") == true)
    }
    let refused = try folder.run("noise", "skellam", "--scale", "2", "--fixed-cost")
    #expect(refused.code == 64)
  }

  @Test func `numbers above a threshold, vectors, tests and repeated choices are answered`() throws {
    let said = try lines("numeric-sparse-vector", "--epsilon", "900", "--values=-5,7,7", "--threshold", "0")
    #expect(said == ["below", "above 7"])
    #expect(try lines("vector-l1", "--epsilon", "900", "--bound", "10", "--values=-10,0") == ["-10,0"])
    #expect(try lines("vector-l2", "--rho", "1000000", "--bound", "5", "--values=3,4") == ["3,4"])
    let test = ["propose-test-release", "--scale", "1/1000", "--epsilon", "900", "--delta", "1e-6", "--values"]
    #expect(try CommandRun(["noise"] + test + ["4,900"], in: folder).output == "4\n")
    #expect(try CommandRun(["noise"] + test + ["4,0"], in: folder).output == "none\n")
    let choice = try lines("repeated-selection", "--epsilon", "900", "--gamma", "1/1000", "--values", "1,50,2")
    #expect((0...2).contains(Int(choice[0]) ?? -1))
  }

  @Test func `a description states the event and the accuracy`() throws {
    let run = try folder.run("noise", "staircase", "--scale", "2", "--sensitivity", "4", "--describe")
    #expect(run.json?["event"] as? String == "epsilon-delta(epsilon=2, delta=0)")
    #expect((run.json?["expected_error"] as? Double ?? 0) > 0)
    let choice = try folder.run("noise", "exponential", "--epsilon", "1", "--values", "1,2", "--describe")
    #expect(choice.json?["event"] as? String == "exponential(epsilon=1)")
  }

  @Test(arguments: [
    ["staircase"], ["exponential", "--epsilon", "1"], ["laplace", "--scale", "1", "--rho", "1"],
    ["tree", "--scale", "1", "--values", "1", "--raw"], ["uniform-bits", "--scale", "3", "--describe"],
  ])
  func `an option missing or out of place is a usage error`(arguments: [String]) throws {
    #expect(try CommandRun(["noise"] + arguments, in: folder).isRefusal(64))
  }
}
