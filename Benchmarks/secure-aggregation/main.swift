import BenchmarkSupport

// What sums under masks and under encryption cost, against clients and parameters, with the fitted growth.

let subjects = ["masks", "growth", "encryption", "dropout", "federation", "federation-complete"]
let benchmark = Benchmark(
  "secure-aggregation",
  about:
    "Sums under masks and under encryption, one thread, processor time of one client unless said otherwise. Without "
    + "subjects masks, growth and encryption; dropout is one masked sum of 1,000 clients, federation a round of the "
    + "simulator with as many under every protocol but the complete graph, which federation-complete runs in minutes.",
  subjects: subjects)
if let bad = benchmark.words.first(where: { !subjects.contains($0) }) {
  benchmark.refuse("no subject is called \(bad)")
}

func wanted(_ name: String, unless words: [String]) -> Bool {
  words.contains(name) || (words.isEmpty && ["masks", "growth", "encryption"].contains(name))
}

if wanted("masks", unless: benchmark.words) { try MaskBenchmark.targets(benchmark) }
if wanted("growth", unless: benchmark.words) { try MaskBenchmark.growth(benchmark) }
if wanted("encryption", unless: benchmark.words) { try PaillierBenchmark.run(benchmark) }
if wanted("dropout", unless: benchmark.words) { try MaskBenchmark.dropout(benchmark) }
if wanted("federation", unless: benchmark.words) {
  try FederationBenchmark.run(["pairwise-graph", "paillier", "threshold-paillier"], benchmark)
}
if wanted("federation-complete", unless: benchmark.words) { try FederationBenchmark.run(["pairwise"], benchmark) }
benchmark.finish()
