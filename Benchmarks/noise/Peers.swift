import BenchmarkSupport

/// What people use today, run by a Python that has the packages.
final class Peers {
  private let process: PeerProcess
  private var rates: [String: [Double]] = [:]
  private var notes: [String: String] = [:]
  private var order: [String] = []

  /// Starts `python` with the script below.
  init(python: String) {
    // One thread, whatever the packages would take.
    process = PeerProcess(
      python: python, arguments: ["-c", Peers.script],
      environment: ["OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"])
    // The first round warms up and is thrown away.
    round()
    rates = [:]
  }

  /// Every peer once.
  func round() {
    for fields in process.round() where fields.count == 2 {
      if !order.contains(fields[0]) { order.append(fields[0]) }
      if let rate = Double(fields[1]) {
        rates[fields[0], default: []].append(rate)
      } else {
        notes[fields[0]] = fields[1]
      }
    }
  }

  /// A row for every peer, and a note where one is missing.
  func measurements() -> [Measurement] {
    process.finish()
    if order.isEmpty { return [Measurement("numpy and OpenDP", rates: [], note: "absent: this Python cannot be run")] }
    return order.map { Measurement($0, rates: rates[$0] ?? [], note: notes[$0]) }
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
            subjects.append((f"{name} Laplace {scale} (floats, inexact)", n, lambda s=scale: source.laplace(0, s, n)))
            subjects.append((f"{name} normal {scale} (floats, inexact)", n, lambda s=scale: source.normal(0, s, n)))
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
                subjects.append((f"{name} {kind} Laplace, scale {int(scale)}", m, lambda f=laplace, d=data: f(d)))
                subjects.append((f"{name} {kind} Gaussian, sigma {int(scale)}", m, lambda f=gaussian, d=data: f(d)))
    except ImportError:
        missing.append("OpenDP")
    for line in sys.stdin:
        for name in missing:
            print(name + "\\tabsent: not installed")
        for name, count, body in subjects:
            start = time.thread_time()
            body()
            print(f"{name}\\t{count / (time.thread_time() - start)}")
        print("end", flush=True)
    """
}
