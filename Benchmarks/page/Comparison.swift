import BenchmarkSupport

/// One question to us and to others, in one run.
struct Comparison {
  /// The subject, for the chart's panels.
  let subject: String
  /// What is asked, in a few words.
  let title: String
  /// A shorter name for the chart.
  let short: String
  let benchmark: String
  /// Our row begins like this.
  let name: String
  /// Peers: how their name begins, what the row is called, and what is to be said of them.
  let peers: [(by: String, name: String, remark: String)]
  /// What a reader must know to judge it.
  var remark = ""
  /// Whether it is a line of the short table.
  var isShort = false

  /// Our own row and those of the peers, once looked up.
  var ours: BenchmarkRow?
  var others: [(by: String, row: BenchmarkRow?, remark: String)] = []

  func measured(_ runs: [String: BenchmarkRun]) -> Comparison {
    var result = self
    let rows = runs[benchmark]?.rows ?? []
    result.ours = rows.first { $0.by == "Tacit" && $0.name.hasPrefix(name) }
    result.others = peers.map { peer in
      let row =
        rows.first { $0.by.hasPrefix(peer.by) && $0.name.hasPrefix(peer.name) }
        ?? rows.first { $0.by.contains(peer.by) && $0.seconds == nil }
      return (row?.by ?? peer.by, row, peer.remark)
    }
    return result
  }

  /// How many times as long another takes for an item; below one it is faster than we are.
  func ratio(_ row: BenchmarkRow?) -> Double? {
    guard let ours, let row, row.clock == ours.clock, let mine = ours.secondsPerItem, let theirs = row.secondsPerItem
    else { return nil }
    return theirs / mine
  }

  static let all: [Comparison] = [
    Comparison(
      subject: "noise", title: "discrete Gaussian noise, σ = 1000, a draw", short: "Gaussian", benchmark: "noise",
      name: "discrete Gaussian, sigma 1000",
      peers: [
        ("OpenDP", "discrete Gaussian, sigma 1000", "exact, too"),
        ("numpy", "float Gaussian, sigma 1000", "floats, inexact"),
      ], isShort: true),
    Comparison(
      subject: "noise", title: "discrete Laplace noise, scale 1000, a draw", short: "Laplace", benchmark: "noise",
      name: "discrete Laplace, scale 1000",
      peers: [
        ("OpenDP", "discrete Laplace, scale 1000", "exact, too"),
        ("numpy", "float Laplace, scale 1000", "floats, inexact"),
      ]),
    Comparison(
      subject: "noise", title: "the Gaussian at a fixed cost, a draw", short: "fixed cost", benchmark: "noise",
      name: "fixed-cost discrete Gaussian, sigma 1000",
      peers: [
        ("OpenDP", "discrete Gaussian, sigma 1000", "exact; its time depends on the noise"),
        ("numpy", "float Gaussian, sigma 1000", "floats, inexact"),
      ], remark: "Every draw takes the same steps, so that its time tells nothing; that costs."),
    Comparison(
      subject: "accounting", title: "ε of 14,063 DP-SGD steps, loss distributions", short: "pld",
      benchmark: "accounting",
      name: "pld: poisson(rate=256/60000",
      peers: [
        ("dp-accounting pld", "poisson(rate=256/60000", "upper bound"),
        ("prv-accountant", "poisson(rate=256/60000", "both bounds, width 0.02"),
      ], remark: "Ours gives both bounds, apart by about 1e-9.", isShort: true),
    Comparison(
      subject: "accounting", title: "the same by Rényi divergences", short: "rdp", benchmark: "accounting",
      name: "rdp: poisson(rate=256/60000", peers: [("dp-accounting rdp", "poisson(rate=256/60000", "")]),
    Comparison(
      subject: "Paillier", title: "Paillier encryption, 2048 bits, constant time", short: "encrypt",
      benchmark: "paillier",
      name: "2048 bits: encrypt, public key, constant time",
      peers: [("python-paillier", "2048 bits: encrypt", "full-range r"), ("HEU", "2048 bits: encrypt", "")],
      remark: "A ciphertext; ours carries dozens of packed values, theirs one.", isShort: true),
    Comparison(
      subject: "Paillier", title: "the same in variable time", short: "fast", benchmark: "paillier",
      name: "2048 bits: encrypt, public key, variable time",
      peers: [("python-paillier", "2048 bits: encrypt", "full-range r"), ("HEU", "2048 bits: encrypt", "")]),
    Comparison(
      subject: "Paillier", title: "decryption, 2048 bits, constant time", short: "decrypt", benchmark: "paillier",
      name: "2048 bits: decrypt, constant time",
      peers: [("python-paillier", "2048 bits: decrypt", "variable time"), ("HEU", "2048 bits: decrypt", "")],
      isShort: true),
    Comparison(
      subject: "Paillier", title: "addition of two ciphertexts, 2048 bits", short: "add", benchmark: "paillier",
      name: "2048 bits: add", peers: [("python-paillier", "2048 bits: add", ""), ("HEU", "2048 bits: add", "")]),
    Comparison(
      subject: "Paillier", title: "multiplication by 32 bits", short: "×32 bits", benchmark: "paillier",
      name: "2048 bits: dot product", peers: [("python-paillier", "2048 bits: multiply by 32 bits", "")],
      remark: "Ours is a term of a dot product, which shares its squarings."),
    Comparison(
      subject: "federated", title: "a round of FedAvg's 2NN, 10 clients of 600", short: "2NN", benchmark: "federated",
      name: "2NN, 10 of 100 clients, MNIST's share of zeros, 2 threads",
      peers: [
        ("numpy", "2NN, 10 of 100 clients", "a loop in two processes"),
        ("PyTorch", "2NN, 10 of 100 clients", "a bare loop"),
        ("pfl-research", "2NN, 10 of 100 clients", "with PyTorch"),
      ], remark: "Wall clock, two threads or processes each.", isShort: true),
    Comparison(
      subject: "federated", title: "a round of clients with next to nothing to do", short: "idle",
      benchmark: "federated",
      name: "2NN, ten clients of one example", peers: [("Flower", "2NN, 10 of 100 clients that do nothing", "")],
      remark: "Ours trains on one example each, Flower's clients return what they get."),
    Comparison(
      subject: "tables", title: "a row to counts and sums bounded by user", short: "row", benchmark: "pipelines",
      name: "CSV to answers, unit user, 100 groups, 1 thread",
      peers: [("PipelineDP", "rows in memory to answers", "from tuples in memory, LocalBackend")],
      remark: "Ours parses the CSV text as well.", isShort: true),
  ]
}
