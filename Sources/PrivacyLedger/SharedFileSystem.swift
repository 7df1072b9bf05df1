private import Glibc

/// File systems whose locks several machines would have to agree on.
///
/// SQLite's promise that two processes never both spend the last of a budget rests on the locks of one kernel. Network file
/// systems, and user-space ones that may be anything, are refused: budgets of many machines belong on a database
/// server.
package enum SharedFileSystem {
  /// The kinds by the number that the kernel gives them (Linux, `statfs(2)`).
  private static let kinds: [UInt32: String] = [
    0x6969: "NFS", 0x517b: "SMB", 0xff53_4d42: "CIFS", 0xfe53_4d42: "SMB", 0x6573_5546: "FUSE", 0x5346_414f: "AFS",
    0x7375_7245: "Coda", 0x00c3_6400: "Ceph", 0x0bd0_0bd0: "Lustre", 0x4750_4653: "GPFS", 0x7461_636f: "OCFS2",
    0x0116_1970: "GFS2", 0x1983_0326: "BeeGFS",
  ]

  /// The name of a kind that is refused; `nil` for a local file system.
  package static func name(ofType type: UInt32) -> String? { kinds[type] }

  /// Refuses a file that lies on such a file system.
  static func refuse(_ path: String) throws(LedgerError) {
    var info = statfs()
    guard unsafe statfs(path, &info) == 0, let name = name(ofType: UInt32(truncatingIfNeeded: info.f_type)) else {
      return
    }
    throw LedgerError(
      .unavailable, "\(path): lies on a network or user-space file system (\(name)), where locks do not keep a budget")
  }
}
