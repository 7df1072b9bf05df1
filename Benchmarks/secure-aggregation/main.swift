import FederatedLearning
import Foundation
import SecureAggregation

// Prints what sums under masks and under encryption cost, against clients and parameters, with the fitted growth.
//
// usage: benchmark-secure-aggregation [masks] [growth] [encryption] [dropout] [federation] [federation-complete]
//
// Without arguments masks, growth and encryption are measured. dropout is one masked sum of 1,000 clients; federation
// is a round of the whole simulator with as many, under every protocol but the complete graph, which
// federation-complete runs in some minutes.

let wanted = Set(CommandLine.arguments.dropFirst())
let unknown = wanted.subtracting(["masks", "growth", "encryption", "dropout", "federation", "federation-complete"])
guard unknown.isEmpty else {
  FileHandle.standardError.write(Data("unknown subject: \(unknown.sorted().joined(separator: ", "))\n".utf8))
  exit(64)
}
let all = wanted.isEmpty
print("secure aggregation, one thread; processor time of one client unless said otherwise")
if all || wanted.contains("masks") { try MaskBenchmark.targets() }
if all || wanted.contains("growth") { try MaskBenchmark.growth() }
if all || wanted.contains("encryption") { try PaillierBenchmark.run() }
if wanted.contains("dropout") { try MaskBenchmark.dropout() }
if wanted.contains("federation") { try FederationBenchmark.run(["pairwise-graph", "paillier", "threshold-paillier"]) }
if wanted.contains("federation-complete") { try FederationBenchmark.run(["pairwise"]) }
