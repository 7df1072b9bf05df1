private import CKernels
import SecureRandom

/// The noise of running sums: what one round adds so that the noise of all rounds together is that of a tree's nodes.
///
/// After i rounds of a tree the running sum carries one independent draw for every bit of i that is set (Kairouz,
/// McMahan, Song, Thakkar, Thakurta and Xu 2021, after Dwork, Naor, Pitassi and Rothblum 2010), so its variance grows
/// with the logarithm of the number of rounds. Round i adds the new node of level ctz(i) and takes back the nodes that
/// it replaces. Nodes of earlier rounds are secrets: they live here only, are wiped, and are never written.
package final class TreeNoise {
  /// Rounds of one tree.
  package let rounds: Int
  private var nodes: [[Int64]] = []

  package init(rounds: Int) { self.rounds = rounds }

  /// The number of nodes on a path of a tree of so many rounds: the levels that a client's one update is in.
  package static func levels(rounds: Int) -> Int { Int.bitWidth - rounds.leadingZeroBitCount }

  /// Overwrites `noise` with the difference of the running sums' noise before and after a round.
  ///
  /// Simulated nodes are functions of the round they were made in, so that a resumed run finds them again.
  package func fill(_ noise: inout [Int64], round: Int, share: NoiseShare) {
    let index = (round - 1) % rounds + 1
    let level = index.trailingZeroBitCount
    share.fill(&noise, round: round, party: nil)
    if share.isSimulated {
      var old = [Int64](repeating: 0, count: noise.count)
      for lower in 0..<level {
        // The node of this level stands since the last index whose lower bits are all zero.
        share.fill(&old, round: round - (1 << lower), party: nil)
        TreeNoise.subtract(old, from: &noise)
      }
      return
    }
    while nodes.count <= level { nodes.append([]) }
    let fresh = noise
    for lower in 0..<level {
      TreeNoise.subtract(nodes[lower], from: &noise)
      TreeNoise.wipe(&nodes[lower])
    }
    TreeNoise.wipe(&nodes[level])
    nodes[level] = fresh
    if index == rounds { for level in nodes.indices { TreeNoise.wipe(&nodes[level]) } }
  }

  private static func subtract(_ old: [Int64], from noise: inout [Int64]) {
    let from = old.span
    var to = noise.mutableSpan
    for index in from.indices { to[index] &-= from[index] }
  }

  private static func wipe(_ node: inout [Int64]) {
    unsafe node.withUnsafeMutableBytes { unsafe tacit_wipe($0.baseAddress, $0.count) }
    node = []
  }

  deinit { for level in nodes.indices { TreeNoise.wipe(&nodes[level]) } }
}
