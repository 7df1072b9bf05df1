#if MPI
  private import CMPI

  /// The ranks of a job that `mpirun` started; needs the package trait `MPI`.
  ///
  /// Calls come from one thread at a time. An MPI library counts in 32 bits, so longer arrays travel in pieces. An
  /// error of the library ends the job: nothing can be exchanged after one.
  public final class MPICollective: Collective {
    /// The number of this process.
    public let rank: Int
    /// How many processes the job has.
    public let size: Int
    private let limit: Int

    /// Starts MPI unless it was started.
    ///
    /// - Parameter limit: the most elements that travel at once.
    /// - Throws: ``FederatedError`` when MPI does not start.
    public init(limit: Int = 1 << 30) throws(FederatedError) {
      precondition((1...Int(Int32.max)).contains(limit), "a piece has from 1 to 2^31 - 1 elements")
      guard tacit_mpi_start() == 0 else { throw FederatedError(.collective, "MPI", "does not start") }
      rank = Int(tacit_mpi_rank())
      size = Int(tacit_mpi_size())
      self.limit = limit
    }

    /// Ends MPI once every rank gets here.
    public func finish() { _ = tacit_mpi_finish() }

    /// Ends the processes of all ranks with an exit code.
    public func end(code: Int32) { _ = tacit_mpi_abort(code) }

    /// One all-reduce for each piece.
    public func sum(_ words: inout [Int64]) throws(FederatedError) {
      let pieces = Words.pieces(words.count, limit: limit)
      let failed = unsafe words.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return false }
        return unsafe UnsafeMutableRawPointer(base).withMemoryRebound(to: UInt64.self, capacity: buffer.count) { base in
          for piece in pieces where unsafe tacit_mpi_sum(base + piece.lowerBound, Int32(piece.count)) != 0 {
            return true
          }
          return false
        }
      }
      if failed { throw FederatedError(.collective, "MPI", "all-reduce failed") }
    }

    /// The length, then one broadcast for each piece.
    public func broadcast(_ bytes: inout [UInt8]) throws(FederatedError) {
      var length = UInt64(bytes.count)
      guard unsafe tacit_mpi_broadcast(&length, 8) == 0 else { throw broken("broadcast") }
      if rank != 0 { bytes = [UInt8](repeating: 0, count: Int(length)) }
      for piece in Words.pieces(bytes.count, limit: limit) {
        let code = unsafe bytes.withUnsafeMutableBytes { buffer in
          unsafe tacit_mpi_broadcast(buffer.baseAddress.map { unsafe $0 + piece.lowerBound }, Int32(piece.count))
        }
        guard code == 0 else { throw broken("broadcast") }
      }
    }

    /// The lengths, then one rank after the other in pieces.
    public func gather(_ bytes: [UInt8]) throws(FederatedError) -> [[UInt8]] {
      var lengths = [UInt64](repeating: 0, count: size)
      guard unsafe tacit_mpi_gather_word(UInt64(bytes.count), &lengths) == 0 else { throw broken("gather") }
      guard rank == 0 else {
        for piece in Words.pieces(bytes.count, limit: limit) {
          let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe tacit_mpi_send(buffer.baseAddress.map { unsafe $0 + piece.lowerBound }, Int32(piece.count))
          }
          guard code == 0 else { throw broken("gather") }
        }
        return []
      }
      var all = [bytes]
      for other in 1..<max(1, size) {
        var theirs = [UInt8](repeating: 0, count: Int(lengths[other]))
        for piece in Words.pieces(theirs.count, limit: limit) {
          let code = unsafe theirs.withUnsafeMutableBytes { buffer in
            unsafe tacit_mpi_receive(
              buffer.baseAddress.map { unsafe $0 + piece.lowerBound }, Int32(piece.count), Int32(other))
          }
          guard code == 0 else { throw broken("gather") }
        }
        all.append(theirs)
      }
      return all
    }

    private func broken(_ what: String) -> FederatedError { FederatedError(.collective, "MPI", "\(what) failed") }
  }
#endif
