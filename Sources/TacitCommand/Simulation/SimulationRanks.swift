import ArgumentParser
import FederatedLearning
import Foundation
import TacitVerbs

/// The processes that run one `tacit simulate` together: one, or those that `mpirun` started.
struct SimulationRanks {
  let collective: any Collective
  #if MPI
    private let job: MPICollective?
  #endif

  /// Whether this process writes, charges and speaks.
  var leads: Bool { collective.rank == 0 }

  /// How many processes a launcher says it started; 1 without one.
  static var started: Int {
    ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"].lazy.compactMap { environmentValue($0).flatMap { Int($0) } }.first ?? 1
  }

  /// Joins the job.
  ///
  /// - Throws: ``CommandFailure`` when there is a job of several processes and this build cannot join it: each would run
  ///   the whole simulation for itself.
  init() throws {
    #if MPI
      guard SimulationRanks.started > 1 else {
        (collective, job) = (LocalCollective(), nil)
        return
      }
      let joined = try MPICollective()
      (collective, job) = (joined, joined)
    #else
      let started = SimulationRanks.started
      guard started == 1 else {
        throw CommandFailure(
          "mpirun started \(started) processes, and this build runs in one: build with swift build -c release --traits MPI"
        )
      }
      collective = LocalCollective()
    #endif
  }

  /// Threads for each process, so that those of one machine share its cores.
  static var threads: Int {
    let here = environmentValue("OMPI_COMM_WORLD_LOCAL_SIZE") ?? environmentValue("MPI_LOCALNRANKS")
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return max(1, min(64, cores / max(1, here.flatMap { Int($0) } ?? 1)))
  }

  /// Does the work on every rank.
  ///
  /// An error ends the whole job with one line, of the rank it came to. What comes to all ranks alike is said by rank 0:
  /// the others wait for it a moment.
  func run(_ body: () throws -> Void) throws {
    #if MPI
      guard let job else { return try body() }
      do {
        if leads { Termination.watch() }
        try body()
        job.finish()
      } catch let exit as ExitCode where exit.rawValue == 130 {
        // All ranks were told to stop, and rank 0 has said so.
        job.finish()
        throw exit
      } catch {
        if !leads { Thread.sleep(forTimeInterval: 2) }
        let failure = error as? CommandFailure
        StandardOutput.complain("tacit: \(leads ? "" : "rank \(job.rank): ")\(failure?.message ?? "\(error)")")
        job.end(code: failure?.code.rawValue ?? 1)
        throw ExitCode(failure?.code.rawValue ?? 1)
      }
    #else
      try body()
    #endif
  }

  /// What rank 0 has, on every rank.
  func shared<Value: Codable>(_ make: () throws -> Value) throws -> Value {
    guard collective.size > 1 else { return try make() }
    var bytes: [UInt8] = []
    let own = leads ? try make() : nil
    if let own { bytes = try [UInt8](JSONEncoder().encode(own)) }
    try collective.broadcast(&bytes)
    return try own ?? JSONDecoder().decode(Value.self, from: Data(bytes))
  }
}

#if MPI
  /// What `mpirun` does to the other ranks when one died: it asks them to end.
  enum Termination {
    /// From here on the request is answered with one line.
    static func watch() {
      _ = signal(SIGTERM) { _ in
        let line: StaticString = "tacit: the job ended early: a rank died or was stopped; go on with --resume\n"
        _ = unsafe write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
        _exit(143)
      }
    }
  }
#endif
