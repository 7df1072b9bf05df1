import Glibc

/// The four training runs with what people use today, in the same run, where a Python with the packages is named by the
/// environment variable `TACIT_PEERS_PYTHON`.
enum Peers {
  /// Runs the script below, its output on ours; says so when there is no Python.
  static func measure() {
    print("Peers")
    fflush(nil)
    guard let python = unsafe getenv("TACIT_PEERS_PYTHON") else {
      return print("absent: set TACIT_PEERS_PYTHON to a Python with dp-accounting, prv-accountant and autodp")
    }
    guard let pipe = unsafe popen("\(unsafe String(cString: python)) -W ignore -", "w") else {
      return print("absent: the Python of TACIT_PEERS_PYTHON does not start")
    }
    unsafe fputs(script, pipe)
    unsafe pclose(pipe)
  }

  private static let script = """
    import time
    cases = [(1.0, 0.01, 1000), (0.8, 256 / 60000, 14063), (1.1, 0.001, 100000), (2.0, 0.1, 10000)]
    def row(name, case, body):
        try:
            start = time.process_time()
            value = body(*case)
            took = (time.process_time() - start) * 1e3
            print(f"{name}\\t{took:.0f} ms\\t{value}\\tsigma={case[0]} q={case[1]:.6g} T={case[2]}", flush=True)
        except Exception as error:
            print(f"{name}\\tfails: {type(error).__name__}\\tsigma={case[0]} q={case[1]:.6g} T={case[2]}", flush=True)
    def google_pld(sigma, q, steps):
        import dp_accounting
        from dp_accounting.pld import PLDAccountant
        a = PLDAccountant()
        a.compose(dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma)), steps)
        return a.get_epsilon(1e-5)
    def google_rdp(sigma, q, steps):
        import dp_accounting
        from dp_accounting.rdp import RdpAccountant
        a = RdpAccountant()
        a.compose(dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma)), steps)
        return a.get_epsilon(1e-5)
    def microsoft(sigma, q, steps):
        from prv_accountant import PRVAccountant, PoissonSubsampledGaussianMechanism
        a = PRVAccountant(
            prvs=[PoissonSubsampledGaussianMechanism(sampling_probability=q, noise_multiplier=sigma)],
            max_self_compositions=[steps], eps_error=0.01, delta_error=1e-9)
        return a.compute_epsilon(delta=1e-5, num_self_compositions=[steps])
    for name, body in [
        ("dp-accounting PLD", google_pld), ("dp-accounting RDP", google_rdp), ("prv-accountant", microsoft)]:
        for case in cases:
            row(name, case, body)

    """
}
