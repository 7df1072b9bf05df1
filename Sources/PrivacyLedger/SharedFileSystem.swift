private import Glibc

/// File systems whose locks several machines would have to agree on.
///
/// SQLite's promise that two processes never both spend the last of a budget rests on the locks of one kernel. Network
/// file systems, and user-space ones that may be anything, are refused: budgets of many machines belong on a database
/// server.
package enum SharedFileSystem {
  /// Kinds as Linux names them in a table of mounts.
  private static let kinds: Set<Substring> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse", "fuseblk", "afs", "coda", "ceph", "lustre", "gpfs", "ocfs2", "gfs2",
    "beegfs", "glusterfs", "ncpfs", "orangefs",
  ]

  /// The kind of the file system of a device, when it is one that is refused.
  ///
  /// - Parameters:
  ///   - device: `major:minor`.
  ///   - mounts: The text of `/proc/self/mountinfo` (Linux, proc(5)).
  package static func kind(ofDevice device: String, mounts: String) -> String? {
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 4, fields[2] == device, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count
      else { continue }
      let kind = fields[dash + 1]
      return kinds.contains(kind) || kind.hasPrefix("fuse.") ? String(kind) : nil
    }
    return nil
  }

  /// Refuses a file that lies on such a file system.
  static func refuse(_ path: String) throws(LedgerError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0, let mounts = text(of: "/proc/self/mountinfo") else { return }
    let number = UInt64(status.st_dev)
    let major = (number >> 8 & 0xfff) | (number >> 32 & ~0xfff)
    let minor = (number & 0xff) | (number >> 12 & ~0xff)
    guard let kind = kind(ofDevice: "\(major):\(minor)", mounts: mounts) else { return }
    throw LedgerError(
      .unavailable, "\(path): lies on a network or user-space file system (\(kind)), whose locks do not keep a budget")
  }

  private static func text(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
      bytes += block[..<count]
    }
  }
}
