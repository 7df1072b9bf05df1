// expect: 'accumulator' consumed more than once
//
// A release uses its data up: a second answer from the same sums would need a second charge.
import PrivacyAccounting
import PrivateStatistics

func publish(_ accumulator: consuming Accumulator, _ budget: some BudgetAuthority) throws -> [ReleasedTable] {
  let first = try accumulator.release(charging: budget, label: "first")
  #if CONTROL
    return [first]
  #else
    return [first, try accumulator.release(charging: budget, label: "second")]
  #endif
}
