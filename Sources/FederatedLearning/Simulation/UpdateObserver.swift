/// Something that sees what every client sends, as a server does to which clients speak one by one.
///
/// Called on the threads that train clients, once for each client and round, and in the order of rounds.
package protocol UpdateObserver: Sendable {
  /// Sees one update on the grid; `step` is the real value of one grid step.
  func observe(client: Int, update: [Int32], step: Double)
}
