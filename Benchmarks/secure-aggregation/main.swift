import Foundation
import SecureAggregation

// Prints what sums under masks and under encryption cost, against clients and parameters, with the fitted growth.
//
// usage: benchmark-secure-aggregation [masks] [growth] [simulation] [paillier]; all but simulation unless given

let wanted = Set(CommandLine.arguments.dropFirst())
let all = wanted.isEmpty
print("secure aggregation, one thread; processor time of one client unless said otherwise")
if all || wanted.contains("masks") { try MaskBenchmark.targets() }
if all || wanted.contains("growth") { try MaskBenchmark.growth() }
if wanted.contains("simulation") { try MaskBenchmark.dropout() }
if all || wanted.contains("paillier") { try PaillierBenchmark.run() }
