private import CZlib

/// Unpacks gzip, several members one after the other included (RFC 1952, section 2.2).
@safe
final class GzipInflater {
  private let source: String
  private var stream = unsafe z_stream()
  private var block = [UInt8](repeating: 0, count: 1 << 17)
  private var available = 0
  private var consumed = 0
  /// Between members: nothing of the next header has been read.
  private var atMemberEnd = false
  private var opened = false

  init(source: String) {
    self.source = source
    unsafe opened = tacit_inflate_init_gzip(&stream) == Z_OK
  }

  deinit {
    if opened { unsafe inflateEnd(&stream) }
  }

  var needsInput: Bool { consumed == available }

  /// Lends the input block to be filled; ``give(_:count:)`` brings it back.
  func takeBlock() -> [UInt8] {
    let lent = block
    block = []
    return lent
  }

  func give(_ filled: [UInt8], count: Int) {
    block = filled
    available = count
    consumed = 0
  }

  /// Called when the compressed bytes have ended.
  func finish() throws(TableError) {
    guard opened, atMemberEnd else { throw damaged("the gzip stream is cut off") }
  }

  /// Unpacks into `buffer`; 0 means that more input is needed.
  func write(into buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    guard opened else { throw damaged("gzip could not be started") }
    if needsInput { return 0 }
    if atMemberEnd {
      guard unsafe inflateReset(&stream) == Z_OK else { throw damaged("the gzip stream is damaged") }
      atMemberEnd = false
    }
    var status = Z_OK
    let room = min(buffer.count, 1 << 30)
    var produced = 0
    unsafe block.withUnsafeMutableBufferPointer { input in
      unsafe stream.next_in = input.baseAddress?.advanced(by: consumed)
      unsafe stream.avail_in = UInt32(available - consumed)
      unsafe stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe stream.avail_out = UInt32(room)
      unsafe status = CZlib.inflate(&stream, Z_NO_FLUSH)
      unsafe consumed = available - Int(stream.avail_in)
      unsafe produced = room - Int(stream.avail_out)
    }
    switch status {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: atMemberEnd = true
    default: throw damaged("the gzip stream is damaged")
    }
    return produced
  }

  private func damaged(_ reason: String) -> TableError {
    TableError(.damagedCompression, source: source, reason: reason)
  }
}
