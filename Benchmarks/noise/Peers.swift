import Glibc

/// The same measurements of what people use today, where Python and the packages are installed.
enum Peers {
  /// Runs the script below with `python3`, its output on ours; says so when there is no Python.
  static func measure() {
    fflush(nil)
    guard let pipe = unsafe popen("python3 -", "w") else { return print("python3 is not installed") }
    unsafe fputs(script, pipe)
    unsafe pclose(pipe)
  }

  private static let script = """
    import time
    def rate(name, count, body):
        body()
        best = min(timed(body) for _ in range(3))
        print(f"{name:<44}{count / best / 1e6:.2f} M/s\\t{best / count * 1e9:.2f} ns each", flush=True)
    def timed(body):
        start = time.process_time()
        body()
        return time.process_time() - start
    try:
        import numpy
        source = numpy.random.default_rng()
        n = 1 << 20
        rate("numpy Laplace (floating point, inexact)", n, lambda: source.laplace(0, 1000, n))
        rate("numpy normal (floating point, inexact)", n, lambda: source.normal(0, 1000, n))
    except ImportError:
        print("numpy is not installed")
    try:
        import opendp.prelude as dp
        dp.enable_features("contrib")
        n = 4096
        whole = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
        square = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64")
        values = [0] * n
        laplace = dp.m.make_laplace(*whole, scale=1000.0)
        gaussian = dp.m.make_gaussian(*square, scale=1000.0)
        rate("OpenDP discrete Laplace, scale 1000", n, lambda: laplace(values))
        rate("OpenDP discrete Gaussian, scale 1000", n, lambda: gaussian(values))
    except ImportError:
        print("opendp is not installed")
    """
}
