import PrivacyAccounting
import PrivateStatistics
import TableFormats

// The functions of include/tacit.h, which documents them. None of them throws, traps on bad input or keeps a pointer that
// it was given, streams and arrays apart.

/// Runs a call; its failure becomes a status and the thread's text.
private func status(_ body: () throws(CallFailure) -> Void) -> Int32 {
  LastError.set(nil)
  do throws(CallFailure) {
    try body()
    return CallFailure.Status.ok.rawValue
  } catch {
    LastError.set(error.message)
    return error.status.rawValue
  }
}

private func isNull(_ name: String) -> CallFailure { CallFailure(.invalidArgument, "\(name) is NULL") }

/// An object that the caller holds.
private func object<Object: AnyObject>(_ pointer: OpaquePointer?, _ name: String) throws(CallFailure) -> Object {
  guard let pointer = unsafe pointer else { throw isNull(name) }
  return unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
}

/// Gives an object to the caller.
private func give(_ object: some AnyObject, to out: UnsafeMutablePointer<OpaquePointer?>) {
  unsafe out.pointee = OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

private func give(
  _ bytes: [UInt8], _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ length: UnsafeMutablePointer<Int>?
) throws(CallFailure) {
  guard let lent = unsafe LentBytes.copy(bytes) else { throw CallFailure(.unreadable, "there is no memory") }
  unsafe out.pointee = lent
  unsafe length?.pointee = bytes.count
}

private func bytes(_ start: UnsafeRawPointer?, _ length: Int, _ name: String) throws(CallFailure) -> [UInt8] {
  guard let start = unsafe start else { throw isNull(name) }
  guard length >= 0 else { throw CallFailure(.invalidArgument, "the length of \(name) is too large") }
  return unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
}

private func statistics<Result: ~Copyable>(
  _ body: () throws(StatisticsError) -> Result
) throws(CallFailure) -> Result {
  do throws(StatisticsError) {
    return try body()
  } catch {
    throw CallFailure(error)
  }
}

/// The version of the ABI: functions may be added, none changed, while it stays the same.
@c(tacit_abi_version)
public func tacitVersion() -> Int32 { 1 }

/// The calling thread's last failure.
@c(tacit_last_error)
public func tacitLastError() -> UnsafePointer<CChar>? { unsafe LastError.text }

/// Overwrites and frees what the library lent.
@c(tacit_bytes_free)
public func tacitBytesFree(_ bytes: UnsafeMutableRawPointer?) { unsafe LentBytes.give(back: bytes) }

/// Reads a query.
@c(tacit_query_open)
public func tacitQueryOpen(
  _ json: UnsafePointer<CChar>?, _ length: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    let text = unsafe try bytes(json, length, "json")
    let query: Query
    do {
      query = try Query(from: JSONValueDecoder(JSONValue(parsing: text)))
    } catch let error as StatisticsError {
      throw CallFailure(error)
    } catch {
      throw CallFailure(.invalidQuery, "query: is not one JSON object")
    }
    unsafe give(QueryHandle(query), to: out)
  }
}

/// The canonical text of a query.
@c(tacit_query_text)
public func tacitQueryText(
  _ query: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ length: UnsafeMutablePointer<Int>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    let handle: QueryHandle = unsafe try object(query, "query")
    unsafe try give(Array(handle.query.canonicalText.utf8), out, length)
  }
}

/// The columns that a query reads.
@c(tacit_query_columns)
public func tacitQueryColumns(
  _ query: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ length: UnsafeMutablePointer<Int>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    let handle: QueryHandle = unsafe try object(query, "query")
    let names = handle.query.columns.map(CanonicalJSON.quoted).joined(separator: ",")
    unsafe try give(Array("[\(names)]".utf8), out, length)
  }
}

/// Frees a query.
@c(tacit_query_free)
public func tacitQueryFree(_ query: OpaquePointer?) {
  guard let query = unsafe query else { return }
  unsafe Unmanaged<QueryHandle>.fromOpaque(UnsafeRawPointer(query)).release()
}

/// An empty accumulator.
@c(tacit_accumulator_open)
public func tacitAccumulatorOpen(
  _ query: OpaquePointer?, _ key: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  unsafe tacitAccumulatorOpenRun(query, key, nil, out)
}

/// An empty accumulator of a named piece of work.
@c(tacit_accumulator_open_run)
public func tacitAccumulatorOpenRun(
  _ query: OpaquePointer?, _ key: UnsafePointer<CChar>?, _ run: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    let handle: QueryHandle = unsafe try object(query, "query")
    let text = unsafe key.map { unsafe String(cString: $0) }
    let name = unsafe run.map { unsafe String(cString: $0) }
    let accumulator = try statistics { () throws(StatisticsError) in
      let run = if let name { try RunID(hexadecimal: name) } else { RunID() }
      guard let text else { return try Accumulator(handle.query, key: SamplingKey(), run: run) }
      return try Accumulator(handle.query, key: SamplingKey(hexadecimal: text), run: run)
    }
    unsafe give(AccumulatorHandle(handle.query, accumulator), to: out)
  }
}

/// An accumulator from a partial.
@c(tacit_accumulator_from_partial)
public func tacitAccumulatorFromPartial(
  _ query: OpaquePointer?, _ partial: UnsafeRawPointer?, _ length: Int,
  _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    let handle: QueryHandle = unsafe try object(query, "query")
    let content = unsafe try bytes(partial, length, "partial")
    let accumulator = try statistics { () throws(StatisticsError) in
      try Accumulator(partial: content, of: handle.query, name: "partial")
    }
    unsafe give(AccumulatorHandle(handle.query, accumulator), to: out)
  }
}

/// Frees an accumulator.
@c(tacit_accumulator_free)
public func tacitAccumulatorFree(_ accumulator: OpaquePointer?) {
  guard let accumulator = unsafe accumulator else { return }
  unsafe Unmanaged<AccumulatorHandle>.fromOpaque(UnsafeRawPointer(accumulator)).release()
}

/// Adds a stream that has been opened against the accumulator's query.
private func add(
  to accumulator: OpaquePointer?, threads: Int32, _ open: (Query) throws(TableError) -> ArrowStream
) throws(CallFailure) {
  let handle: AccumulatorHandle = unsafe try object(accumulator, "accumulator")
  var content = try handle.take()
  let stream: ArrowStream
  do throws(TableError) {
    stream = try open(handle.query)
  } catch {
    // Nothing has been read.
    handle.put(content)
    throw CallFailure(.unreadable, error.description)
  }
  do throws(StatisticsError) {
    try content.add(stream, threads: Int(max(1, threads)))
  } catch {
    throw CallFailure(error)
  }
  handle.put(content)
}

/// Adds the rows of an Arrow stream.
@c(tacit_accumulator_add_stream)
public func tacitAccumulatorAddStream(
  _ accumulator: OpaquePointer?, _ stream: UnsafeMutableRawPointer?, _ threads: Int32
) -> Int32 {
  status { () throws(CallFailure) in
    guard let stream = unsafe stream else { throw isNull("stream") }
    unsafe try add(to: accumulator, threads: threads) { (query) throws(TableError) in
      unsafe try ArrowStream(streamAt: stream, name: "arrow", columns: query.columns)
    }
  }
}

/// Adds the rows of an Arrow array.
@c(tacit_accumulator_add_array)
public func tacitAccumulatorAddArray(
  _ accumulator: OpaquePointer?, _ array: UnsafeMutableRawPointer?, _ schema: UnsafeMutableRawPointer?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let array = unsafe array else { throw isNull("array") }
    guard let schema = unsafe schema else { throw isNull("schema") }
    unsafe try add(to: accumulator, threads: 1) { (query) throws(TableError) in
      unsafe try ArrowStream(arrayAt: array, schemaAt: schema, name: "arrow", columns: query.columns)
    }
  }
}

/// The canonical bytes of an accumulator.
@c(tacit_accumulator_partial)
public func tacitAccumulatorPartial(
  _ accumulator: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ length: UnsafeMutablePointer<Int>?
) -> Int32 {
  unsafe write(accumulator, out, length) { $0.partial() }
}

/// The canonical bytes in an envelope that names their runs.
@c(tacit_accumulator_envelope)
public func tacitAccumulatorEnvelope(
  _ accumulator: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ length: UnsafeMutablePointer<Int>?
) -> Int32 {
  unsafe write(accumulator, out, length) { $0.enveloped() }
}

/// How many runs and rows are in an accumulator.
@c(tacit_accumulator_runs)
public func tacitAccumulatorRuns(
  _ accumulator: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ length: UnsafeMutablePointer<Int>?
) -> Int32 {
  unsafe write(accumulator, out, length) { content in
    let runs = content.runs
    let names = runs.names.map { "\"\($0)\"" }.joined(separator: ",")
    return Array("{\"rows\":\(runs.rowCount.map(String.init) ?? "null"),\"runs\":[\(names)]}".utf8)
  }
}

/// Gives bytes made of an accumulator, which stays as it is.
private func write(
  _ accumulator: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ length: UnsafeMutablePointer<Int>?, _ body: (borrowing Accumulator) -> [UInt8]
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    guard let length = unsafe length else { throw isNull("length") }
    unsafe out.pointee = nil
    let handle: AccumulatorHandle = unsafe try object(accumulator, "accumulator")
    let content = try handle.take()
    let bytes = body(content)
    handle.put(content)
    unsafe try give(bytes, out, length)
  }
}

/// Takes another accumulator in.
@c(tacit_accumulator_merge)
public func tacitAccumulatorMerge(_ accumulator: OpaquePointer?, _ other: OpaquePointer?) -> Int32 {
  status { () throws(CallFailure) in
    let mine: AccumulatorHandle = unsafe try object(accumulator, "accumulator")
    let theirs: AccumulatorHandle = unsafe try object(other, "other")
    guard mine !== theirs else { throw CallFailure(.invalidArgument, "an accumulator cannot merge with itself") }
    var content = try mine.take()
    let more: Accumulator
    do throws(CallFailure) {
      more = try theirs.take()
    } catch {
      mine.put(content)
      throw error
    }
    do throws(StatisticsError) {
      try content.merge(more)
    } catch {
      // Refused before anything was merged.
      mine.put(content)
      throw CallFailure(error)
    }
    mine.put(content)
  }
}

/// Charges, adds noise and answers.
@c(tacit_accumulator_release)
public func tacitAccumulatorRelease(
  _ accumulator: OpaquePointer?,
  _ charge: (
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?
    ) -> Int32
  )?,
  _ context: UnsafeMutableRawPointer?, _ label: UnsafePointer<CChar>?,
  _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ length: UnsafeMutablePointer<Int>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let charge = unsafe charge else { throw isNull("charge") }
    guard let label = unsafe label else { throw isNull("label") }
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    let handle: AccumulatorHandle = unsafe try object(accumulator, "accumulator")
    let content = try handle.take()
    let budget = unsafe HostBudget(adjacency: handle.query.adjacency, charge: charge, context: context)
    let name = unsafe String(cString: label)
    let table: ReleasedTable
    do throws(StatisticsError) {
      table = try content.release(charging: budget, label: name)
    } catch {
      throw CallFailure(error)
    }
    unsafe try give(Array(table.jsonText.utf8), out, length)
  }
}

/// A budget in memory.
@c(tacit_budget_open)
public func tacitBudgetOpen(
  _ kind: UnsafePointer<CChar>?, _ epsilon: UnsafePointer<CChar>?, _ delta: UnsafePointer<CChar>?,
  _ adjacency: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    guard let kind = unsafe kind else { throw isNull("kind") }
    guard let epsilon = unsafe epsilon else { throw isNull("epsilon") }
    let budget = unsafe try BudgetHandle(
      kind: String(cString: kind), epsilon: String(cString: epsilon), delta: delta.map { unsafe String(cString: $0) },
      adjacency: adjacency.map { unsafe String(cString: $0) } ?? "add-remove")
    unsafe give(budget, to: out)
  }
}

/// Charges a budget in memory.
@c(tacit_budget_charge)
public func tacitBudgetCharge(
  _ budget: UnsafeMutableRawPointer?, _ event: UnsafePointer<CChar>?, _ adjacency: UnsafePointer<CChar>?,
  _ label: UnsafePointer<CChar>?
) -> Int32 {
  guard let budget = unsafe budget, let event = unsafe event, let adjacency = unsafe adjacency,
    let label = unsafe label
  else {
    LastError.set("budget, event, adjacency or label is NULL")
    return 1
  }
  let handle = unsafe Unmanaged<BudgetHandle>.fromOpaque(UnsafeRawPointer(budget)).takeUnretainedValue()
  let (answer, reason) = unsafe handle.charge(
    String(cString: event), adjacency: String(cString: adjacency), label: String(cString: label))
  LastError.set(reason)
  return answer
}

/// What is left of a budget.
@c(tacit_budget_remaining)
public func tacitBudgetRemaining(
  _ budget: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ length: UnsafeMutablePointer<Int>?
) -> Int32 {
  status { () throws(CallFailure) in
    guard let out = unsafe out else { throw isNull("out") }
    unsafe out.pointee = nil
    let handle: BudgetHandle = unsafe try object(budget, "budget")
    let left = handle.budget.remaining
    let text = "{\"delta\":\"\(left.delta)\",\"loss\":\"\(left.loss)\"}"
    unsafe try give(Array(text.utf8), out, length)
  }
}

/// Frees a budget.
@c(tacit_budget_free)
public func tacitBudgetFree(_ budget: OpaquePointer?) {
  guard let budget = unsafe budget else { return }
  unsafe Unmanaged<BudgetHandle>.fromOpaque(UnsafeRawPointer(budget)).release()
}
