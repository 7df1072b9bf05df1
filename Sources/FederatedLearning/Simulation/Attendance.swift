private import CKernels
import SecureRandom

/// Who of a cohort reports, with how much of the work, and when: a function of the seed, the round and the client.
struct Attendance {
  /// The clients that report, in the order of the cohort.
  var present: [Int] = []
  /// Epochs of clients that do not do all of theirs.
  var epochs: [Int: Int] = [:]
  /// Clients that never report.
  var dropped = 0
  /// Clients whose report comes when nobody waits any more.
  var late = 0
  /// Simulated seconds until the round goes on.
  var seconds = 0.0
}

/// How devices behave in a simulation.
struct DeviceSchedule: Sendable {
  let dropout: Double
  let stragglers: Double
  let sendsPartialWork: Bool
  let secondsPerStep: Double
  let spread: Double
  let timeout: Double?
  /// How many reports end a round, nil for all.
  let enough: Int?
  let epochs: Int
  let seed: UInt64

  /// Simulated seconds of a client's work.
  func seconds(of client: Int, steps: Int) -> Double {
    guard spread > 0 else { return secondsPerStep * Double(steps) }
    var own = SimulationGenerator(seed: seed, stream: "speed").substream(client)
    return secondsPerStep * Double(steps) * tacit_exp(spread * own.normal())
  }

  /// What becomes of a cohort.
  ///
  /// - Parameters:
  ///   - cohort: the clients that are asked.
  ///   - steps: the number of steps of one epoch of each.
  func attendance(_ cohort: [Int], steps: [Int], round: Int) -> Attendance {
    var result = Attendance()
    let drops = SimulationGenerator(seed: seed, stream: "dropout").substream(round)
    let slow = SimulationGenerator(seed: seed, stream: "stragglers").substream(round)
    var reports: [(client: Int, seconds: Double)] = []
    reports.reserveCapacity(cohort.count)
    for (client, steps) in zip(cohort, steps) {
      if dropout > 0 {
        var own = drops.substream(client)
        guard own.uniformUnit() >= dropout else {
          result.dropped += 1
          continue
        }
      }
      var work = epochs
      if stragglers > 0 {
        var draws = slow.substream(client)
        if draws.uniformUnit() < stragglers {
          guard sendsPartialWork else {
            result.dropped += 1
            continue
          }
          work = 1 + draws.uniform(below: epochs)
          if work < epochs { result.epochs[client] = work }
        }
      }
      let seconds = seconds(of: client, steps: work * steps)
      if let timeout, seconds > timeout {
        result.late += 1
        continue
      }
      reports.append((client, seconds))
    }
    if let enough, reports.count > enough {
      // The first to report; ties by number, so that nothing depends on an order of threads.
      let first = reports.sorted { ($0.seconds, $0.client) < ($1.seconds, $1.client) }.prefix(enough)
      result.late += reports.count - enough
      result.seconds = first.last?.seconds ?? 0
      let chosen = Set(first.map(\.client))
      result.present = reports.map(\.client).filter { chosen.contains($0) }
    } else {
      result.present = reports.map(\.client)
      // Whoever waits for clients that never report waits until the timeout.
      let last = reports.map(\.seconds).max() ?? 0
      result.seconds = result.dropped + result.late > 0 ? timeout ?? last : last
    }
    if result.late > 0, !result.epochs.isEmpty {
      let present = Set(result.present)
      result.epochs = result.epochs.filter { present.contains($0.key) }
    }
    return result
  }
}
