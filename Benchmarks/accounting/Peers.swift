import BenchmarkSupport
import Glibc

/// The training runs with what people use today, in the same run.
final class Peers {
  /// The Python that `TACIT_PEERS_PYTHON` names.
  static var named: String? { unsafe getenv("TACIT_PEERS_PYTHON").map { unsafe String(cString: $0) } }

  private let process: PeerProcess
  private let benchmark: Benchmark

  /// Starts `python` with the script below, which imports and warms up what it has.
  init(python: String, _ benchmark: Benchmark) {
    process = PeerProcess(
      python: python, arguments: ["-W", "ignore", "-c", Peers.script],
      environment: ["OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"])
    self.benchmark = benchmark
  }

  /// Every peer's answer to the next of the cases: who, its version, seconds, lower, upper; or who, version and why not.
  func measure(_ index: Int, _ question: String) {
    let lines = process.round()
    if lines.isEmpty {
      benchmark.add(
        BenchmarkRow(
          question, by: "dp-accounting, prv-accountant", unit: "answers", times: [],
          note: "that Python cannot be run, or ended"))
    }
    for fields in lines where fields.count >= 3 {
      let seconds = Double(fields[2])
      let said = fields.count == 5 ? "ε in [\(fields[3]), \(fields[4])]" : fields[2]
      benchmark.add(
        BenchmarkRow(
          question, by: "\(fields[0]) \(fields[1])", unit: "answers", times: seconds.map { [$0] } ?? [], note: said))
    }
  }

  /// Ends the Python.
  func finish() { process.finish() }

  private static let script = """
    import sys, time
    from importlib.metadata import version
    cases = [(1.0, 0.01, 1000), (0.8, 256 / 60000, 14063), (1.1, 0.001, 100000), (2.0, 0.1, 10000)]
    def google_pld(sigma, q, steps):
        import dp_accounting
        from dp_accounting.pld import PLDAccountant
        a = PLDAccountant()
        a.compose(dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma)), steps)
        return "-", a.get_epsilon(1e-5)
    def google_rdp(sigma, q, steps):
        import dp_accounting
        from dp_accounting.rdp import RdpAccountant
        a = RdpAccountant()
        a.compose(dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma)), steps)
        return "-", a.get_epsilon(1e-5)
    def microsoft(sigma, q, steps):
        from prv_accountant import PRVAccountant, PoissonSubsampledGaussianMechanism
        a = PRVAccountant(
            prvs=[PoissonSubsampledGaussianMechanism(sampling_probability=q, noise_multiplier=sigma)],
            max_self_compositions=[steps], eps_error=0.01, delta_error=1e-9)
        low, _, high = a.compute_epsilon(delta=1e-5, num_self_compositions=[steps])
        return low, high
    peers, absent = [], []
    for name, package, body in [
        ("dp-accounting pld", "dp-accounting", google_pld), ("dp-accounting rdp", "dp-accounting", google_rdp),
        ("prv-accountant", "prv-accountant", microsoft)]:
        try:
            body(4.0, 0.01, 10)
            peers.append((name, version(package), body))
        except Exception as error:
            absent.append((name, type(error).__name__))
    for _ in sys.stdin:
        for name, why in absent:
            print(f"{name}\\t-\\tnot installed: {why}")
        for name, number, body in peers:
            try:
                start = time.process_time()
                low, high = body(*cases[0])
                took = time.process_time() - start
                print(f"{name}\\t{number}\\t{took:.6f}\\t{low}\\t{high}")
            except Exception as error:
                print(f"{name}\\t{number}\\tfailed: {type(error).__name__}")
        cases.pop(0)
        print("end", flush=True)
    """
}
