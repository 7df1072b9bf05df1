import FederatedLearning

/// One rank of a job whose other ranks are not there: what it does by itself is done, and nothing is exchanged.
///
/// Its model is not the job's, because the clients of the others are missing in every sum; its time is that of a rank of
/// the job without the network.
struct LoneRank: Collective {
  let rank = 0
  let size: Int

  /// What this rank has, where every rank has added the last word: the mark of the model, which all have in common.
  func sum(_ words: inout [Int64]) {
    guard let mark = words.indices.last else { return }
    words[mark] &*= Int64(size)
  }

  func broadcast(_ bytes: inout [UInt8]) {}

  func gather(_ bytes: [UInt8]) -> [[UInt8]] { Array(repeating: bytes, count: size) }
}
