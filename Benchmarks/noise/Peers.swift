import Glibc

/// The same measurements of what people use today, by a Python that has the packages.
enum Peers {
  /// Runs the script below with `python`, and gives a row for every peer, a note where one is missing.
  static func measure(python: String, repetitions: Int) -> [Measurement] {
    let names = ["numpy Laplace (floats, inexact)", "OpenDP discrete Laplace, scale 1000"]
    let command = "\(quoted(python)) -c \(quoted(script)) \(repetitions) 2>/dev/null"
    guard let pipe = unsafe popen(command, "r") else {
      return names.map { Measurement($0, rates: [], note: "absent: \(python) cannot be run") }
    }
    var rows: [(name: String, rates: [Double], note: String?)] = []
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    while unsafe fgets(&buffer, Int32(buffer.count), pipe) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let fields = line.split(separator: "\t").map(String.init)
      guard fields.count == 2 else { continue }
      let rates = fields[1].split(separator: " ").compactMap { Double($0) }
      rows.append((fields[0], rates, rates.isEmpty ? fields[1] : nil))
    }
    unsafe pclose(pipe)
    if rows.isEmpty { return names.map { Measurement($0, rates: [], note: "absent: \(python) cannot be run") } }
    return rows.map { Measurement($0.name, rates: $0.rates, note: $0.note) }
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  private static let script = """
    import sys, time
    repetitions = int(sys.argv[1])
    subjects = []
    try:
        import numpy
        source = numpy.random.default_rng()
        n = 1 << 20
        subjects.append(("numpy Laplace (floats, inexact)", n, lambda: source.laplace(0, 1000, n)))
        subjects.append(("numpy normal (floats, inexact)", n, lambda: source.normal(0, 1000, n)))
    except ImportError:
        print("numpy\\tabsent: not installed")
    try:
        import opendp.prelude as dp
        from importlib.metadata import version
        dp.enable_features("contrib")
        m = 4096
        one = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
        two = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64")
        values = [0] * m
        laplace = dp.m.make_laplace(*one, scale=1000.0)
        gaussian = dp.m.make_gaussian(*two, scale=1000.0)
        name = "OpenDP " + version("opendp")
        subjects.append((name + " discrete Laplace, scale 1000", m, lambda: laplace(values)))
        subjects.append((name + " discrete Gaussian, sigma 1000", m, lambda: gaussian(values)))
    except ImportError:
        print("OpenDP\\tabsent: not installed")
    rates = [[] for _ in subjects]
    for turn in range(repetitions + 1):
        for place, (name, count, body) in enumerate(subjects):
            start = time.process_time()
            body()
            if turn: rates[place].append(count / (time.process_time() - start))
    for (name, _, _), found in zip(subjects, rates):
        print(name + "\\t" + " ".join(str(rate) for rate in found), flush=True)
    """
}
