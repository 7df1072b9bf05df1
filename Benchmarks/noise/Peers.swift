import BenchmarkSupport

/// What people use today, run by a Python that has the packages.
final class Peers {
  private let process: PeerProcess
  private var times: [[String]: [Double]] = [:]
  private var sizes: [[String]: Int] = [:]
  private var notes: [[String]: String] = [:]
  private var order: [[String]] = []

  /// Starts `python` with the script below.
  init(python: String) {
    // One thread, whatever the packages would take.
    process = PeerProcess(
      python: python, arguments: ["-c", Peers.script],
      environment: ["OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"])
    // The first round warms up and is thrown away.
    round()
    times = [:]
  }

  /// Every peer once: who, what, how many, seconds; or who, what, why not.
  func round() {
    for fields in process.round() where fields.count >= 3 {
      let key = Array(fields[..<2])
      if !order.contains(key) { order.append(key) }
      if fields.count == 4, let count = Int(fields[2]), let seconds = Double(fields[3]) {
        sizes[key] = count
        times[key, default: []].append(seconds)
      } else {
        notes[key] = fields[2]
      }
    }
  }

  /// A row for each, after all rounds.
  func rows() -> [BenchmarkRow] {
    process.finish()
    if order.isEmpty {
      return [
        BenchmarkRow("noise", by: "OpenDP and numpy", unit: "draws", times: [], note: "that Python cannot be run")
      ]
    }
    return order.map { key in
      BenchmarkRow(
        key[1], by: key[0], size: sizes[key] ?? 1, unit: "draws", times: times[key] ?? [], note: notes[key])
    }
  }

  private static let script = """
    import sys, time
    subjects, missing = [], []
    try:
        import numpy
        source = numpy.random.default_rng()
        n = 1 << 18
        name = "numpy " + numpy.__version__
        for scale in (1000, 1 << 20):
            subjects.append((name, f"float Laplace, scale {scale}, inexact", n, lambda s=scale: source.laplace(0, s, n)))
            subjects.append((name, f"float Gaussian, sigma {scale}, inexact", n, lambda s=scale: source.normal(0, s, n)))
    except ImportError:
        missing.append("numpy")
    try:
        import opendp.prelude as dp
        from importlib.metadata import version
        dp.enable_features("contrib")
        m = 1024
        name = "OpenDP " + version("opendp")
        values = [0] * m
        floats = [0.0] * m
        for scale in (1000.0, float(1 << 20)):
            whole = dp.vector_domain(dp.atom_domain(T="i64"))
            real = dp.vector_domain(dp.atom_domain(T="f64", nan=False))
            for kind, domain, data in (("discrete", whole, values), ("float", real, floats)):
                T = "i64" if kind == "discrete" else "f64"
                laplace = dp.m.make_laplace(domain, dp.l1_distance(T=T), scale=scale)
                gaussian = dp.m.make_gaussian(domain, dp.l2_distance(T="f64"), scale=scale)
                subjects.append((name, f"{kind} Laplace, scale {int(scale)}", m, lambda f=laplace, d=data: f(d)))
                subjects.append((name, f"{kind} Gaussian, sigma {int(scale)}", m, lambda f=gaussian, d=data: f(d)))
    except ImportError:
        missing.append("OpenDP")
    for line in sys.stdin:
        for name in missing:
            print(name + "\\tnoise\\tnot installed")
        for name, what, count, body in subjects:
            start = time.thread_time()
            body()
            print(f"{name}\\t{what}\\t{count}\\t{time.thread_time() - start}")
        print("end", flush=True)
    """
}
