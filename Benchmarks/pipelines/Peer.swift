import Foundation

/// The same job in PipelineDP, when a Python with it is given: `TACIT_PIPELINEDP_PYTHON=/path/to/venv/bin/python`.
///
/// `pip install pipeline-dp==0.3.1` makes such an environment. The rows are in memory before the clock starts.
enum Peer {
  private static let script = """
    import sys, time
    import pipeline_dp
    rows = []
    with open(sys.argv[1]) as table:
        next(table)
        for line in table:
            user, group, value = line.split(",")
            rows.append((int(user), group, float(value)))
    groups = ["g%d" % index for index in range(100)]
    start = time.perf_counter()
    budget = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=1e-6)
    engine = pipeline_dp.DPEngine(budget, pipeline_dp.LocalBackend())
    parameters = pipeline_dp.AggregateParams(
        noise_kind=pipeline_dp.NoiseKind.LAPLACE, metrics=[pipeline_dp.Metrics.COUNT, pipeline_dp.Metrics.SUM],
        max_partitions_contributed=3, max_contributions_per_partition=10, min_value=0, max_value=1000)
    extractors = pipeline_dp.DataExtractors(
        privacy_id_extractor=lambda row: row[0], partition_extractor=lambda row: row[1],
        value_extractor=lambda row: row[2])
    result = engine.aggregate(rows, parameters, extractors, public_partitions=groups)
    budget.compute_budgets()
    answers = list(result)
    assert len(answers) == 100
    print(time.perf_counter() - start)
    """

  /// Seconds for the first `rows` rows of a table with its header, or why there is no figure.
  static func seconds(_ text: [UInt8]) -> Result<Double, Absence> {
    guard let python = ProcessInfo.processInfo.environment["TACIT_PIPELINEDP_PYTHON"] else {
      return .failure(Absence(reason: "set TACIT_PIPELINEDP_PYTHON to a Python with pipeline-dp"))
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-peer-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(text).write(to: folder.appendingPathComponent("rows.csv"))
      try script.write(to: folder.appendingPathComponent("job.py"), atomically: true, encoding: .utf8)
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(fileURLWithPath: python)
      process.arguments = ["job.py", "rows.csv"].map { folder.appendingPathComponent($0).path }
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      guard process.terminationStatus == 0, let seconds = Double(text.trimmingCharacters(in: .whitespacesAndNewlines))
      else { return .failure(Absence(reason: "that Python could not run pipeline_dp")) }
      return .success(seconds)
    } catch {
      return .failure(Absence(reason: "that Python could not be started"))
    }
  }

  /// Why there is no figure.
  struct Absence: Error {
    let reason: String
  }
}
