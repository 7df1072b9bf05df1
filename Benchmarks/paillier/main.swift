import BenchmarkSupport
import CKernels
import Paillier

// Speed of Paillier beside GMP's own arithmetic and, where a Python that has them is named, python-paillier and HEU.
// One thread, processor time; rounds of ours and of the peers take turns, and medians are over all of them.

let benchmark = Benchmark(
  "paillier",
  about: "Paillier beside GMP's arithmetic, python-paillier and HEU, one thread. BITS are 2048 and 3072 unless said.",
  subjects: ["BITS"], options: [.python])
let sizes = benchmark.words.map { word in
  guard let bits = Int(word), (try? KeySize(bits: bits)) != nil else {
    benchmark.refuse("\(word) is no key size that is supported")
  }
  return bits
}

let limit = ProcessorLimit.measure()
benchmark.figure("clock", limit.gigahertz, "GHz")
benchmark.figure("cycles a 64-bit product", limit.cyclesPerProduct, "cycles")
benchmark.figure("cycles a 64-bit product added to memory in a row", limit.cyclesPerAccumulatedProduct, "cycles")
benchmark.note(tacit_montgomery_is_accelerated() == 1 ? "rows by mulx, adcx and adox" : "portable rows")
benchmark.note("targets are for processors that start a product a cycle")
for bits in !sizes.isEmpty ? sizes : benchmark.isQuick ? [2048] : [2048, 3072] {
  let subjects = try Subjects(bits: bits, benchmark)
  let peers = benchmark.python.map { Peers(python: $0, bits: bits) }
  var others = Samples()
  for _ in 0..<benchmark.repetitions(3) {
    try subjects.measure()
    peers?.measure(bits: bits, into: &others)
  }
  peers?.finish()
  subjects.samples.report(to: benchmark, bits: bits, limit)
  others.report(to: benchmark, bits: bits, limit)
  try subjects.ratios()
}
if benchmark.python == nil {
  benchmark.note("python-paillier, HEU: not measured; --python names a Python that has them")
}
benchmark.finish()
