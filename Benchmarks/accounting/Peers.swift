import Glibc

/// The four training runs with what people use today, in the same run, where a Python with the packages is named by the
/// environment variable `TACIT_PEERS_PYTHON`.
enum Peers {
  /// The Python to run, if one is named.
  static var python: String? { unsafe getenv("TACIT_PEERS_PYTHON").map { unsafe String(cString: $0) } }

  /// Every peer's answer to one of the four cases.
  static func measure(_ index: Int) -> [Row] {
    guard let python, let pipe = unsafe popen("\(python) -W ignore -c '\(script)' \(index)", "r") else { return [] }
    defer { unsafe pclose(pipe) }
    var rows: [Row] = []
    var line = [CChar](repeating: 0, count: 1_024)
    while unsafe fgets(&line, Int32(line.count), pipe) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let fields = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 5 else { continue }
      rows.append(
        Row(
          accountant: "\(fields[0]) \(fields[1])", milliseconds: Double(fields[2]) ?? .nan, lower: Double(fields[3]),
          upper: Double(fields[4].filter { $0 != "\n" }) ?? .nan, question: "case \(index + 1)"))
    }
    return rows
  }

  private static let script = """
    import sys, time
    from importlib.metadata import version
    case = [(1.0, 0.01, 1000), (0.8, 256 / 60000, 14063), (1.1, 0.001, 100000), (2.0, 0.1, 10000)][int(sys.argv[1])]
    def google_pld(sigma, q, steps):
        import dp_accounting
        from dp_accounting.pld import PLDAccountant
        a = PLDAccountant()
        a.compose(dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma)), steps)
        return "", a.get_epsilon(1e-5)
    def google_rdp(sigma, q, steps):
        import dp_accounting
        from dp_accounting.rdp import RdpAccountant
        a = RdpAccountant()
        a.compose(dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma)), steps)
        return "", a.get_epsilon(1e-5)
    def microsoft(sigma, q, steps):
        from prv_accountant import PRVAccountant, PoissonSubsampledGaussianMechanism
        a = PRVAccountant(
            prvs=[PoissonSubsampledGaussianMechanism(sampling_probability=q, noise_multiplier=sigma)],
            max_self_compositions=[steps], eps_error=0.01, delta_error=1e-9)
        low, _, high = a.compute_epsilon(delta=1e-5, num_self_compositions=[steps])
        return low, high
    for name, package, body in [
        ("pld of dp-accounting", "dp-accounting", google_pld), ("rdp of dp-accounting", "dp-accounting", google_rdp),
        ("prv-accountant", "prv-accountant", microsoft)]:
        try:
            start = time.process_time()
            low, high = body(*case)
            took = (time.process_time() - start) * 1e3
            print(f"{name}\\t{version(package)}\\t{took:.1f}\\t{low}\\t{high}", flush=True)
        except Exception as error:
            print(f"{name}\\t{type(error).__name__}\\tnan\\t\\tnan", flush=True)

    """
}
