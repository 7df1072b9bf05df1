import Glibc
import PrivacyAccounting
import PrivateStatistics

/// What a C caller holds of a query.
final class QueryHandle {
  let query: Query

  init(_ query: Query) { self.query = query }
}

/// What a C caller holds of an accumulator; empty once it was released, merged away or spoiled by a failure.
final class AccumulatorHandle {
  let query: Query
  private var accumulator: Accumulator?

  init(_ query: Query, _ accumulator: consuming Accumulator) {
    self.query = query
    self.accumulator = consume accumulator
  }

  /// Takes the accumulator out; whoever does not put it back has used it up.
  func take() throws(CallFailure) -> Accumulator {
    guard let taken = accumulator.take() else {
      throw CallFailure(.spent, "the accumulator was used up by a release, a merge or a failure")
    }
    return taken
  }

  /// Puts the accumulator back.
  func put(_ accumulator: consuming Accumulator) { self.accumulator = consume accumulator }
}

/// Why a call failed: its status and one line without data.
struct CallFailure: Error {
  /// The statuses of `tacit.h`.
  enum Status: Int32 {
    case ok = 0
    case invalidArgument = 1
    case invalidQuery = 2
    case badRow = 3
    case unreadable = 4
    case invalidPartial = 5
    case refused = 6
    case spent = 7
  }

  let status: Status
  let message: String

  init(_ status: Status, _ message: String) {
    self.status = status
    self.message = message
  }

  init(_ error: StatisticsError) {
    switch error.code {
    case .badRow: status = .badRow
    case .unreadable: status = .unreadable
    case .invalidPartial: status = .invalidPartial
    case .refused: status = .refused
    default: status = .invalidQuery
    }
    message = error.description
  }
}

/// The text of each thread's last failure.
enum LastError {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key) { unsafe free($0) }
    return key
  }()

  /// Replaces the calling thread's text; `nil` when there is none to tell.
  static func set(_ message: String?) {
    unsafe free(pthread_getspecific(key))
    _ = unsafe pthread_setspecific(key, message.flatMap { unsafe strdup($0) })
  }

  /// The calling thread's text, until its next call.
  static var text: UnsafePointer<CChar>? {
    unsafe pthread_getspecific(key).map { unsafe UnsafePointer($0.assumingMemoryBound(to: CChar.self)) }
  }
}

/// Memory that a C caller gets and gives back; it is overwritten then, because it may hold raw data.
enum LentBytes {
  private static let headerBytes = 16

  /// A copy, followed by a zero that the length does not count; `nil` when there is no memory.
  static func copy(_ bytes: [UInt8]) -> UnsafeMutableRawPointer? {
    guard let block = unsafe malloc(headerBytes + bytes.count + 1) else { return nil }
    unsafe block.storeBytes(of: bytes.count, as: Int.self)
    unsafe bytes.withUnsafeBytes { source in
      if let base = source.baseAddress {
        unsafe (block + headerBytes).copyMemory(from: base, byteCount: source.count)
      }
    }
    unsafe block.storeBytes(of: 0, toByteOffset: headerBytes + bytes.count, as: UInt8.self)
    return unsafe block + headerBytes
  }

  static func give(back lent: UnsafeMutableRawPointer?) {
    guard let lent = unsafe lent else { return }
    let block = unsafe lent - headerBytes
    unsafe explicit_bzero(lent, block.load(as: Int.self))
    unsafe free(block)
  }
}

/// Asks the host to charge.
@safe
struct HostBudget: BudgetAuthority, @unchecked Sendable {
  /// `tacit_charge` of `tacit.h`.
  typealias Charge =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?
    ) -> Int32

  let adjacency: Adjacency
  let charge: Charge
  let context: UnsafeMutableRawPointer?

  func charge(_ event: PrivacyEvent, label: String) throws(BudgetRefusal) -> BudgetReceipt {
    switch unsafe charge(context, event.description, adjacency.rawValue, label) {
    case 0: return BudgetReceipt(event: event, label: label, position: 0, remaining: "")
    case 2: throw BudgetRefusal(.unsupportedEvent, "the host has no theorem for the event")
    default: throw BudgetRefusal(.denied, "the host refused the charge")
    }
  }
}
