// expect: no exact matches in call to instance method 'appendInterpolation'
//
// What was summed before noise has no description, so it cannot reach a log by interpolation.
import PrivateStatistics

func log(_ accumulator: borrowing Accumulator) -> String {
  #if CONTROL
    "\(accumulator.query)"
  #else
    "\(accumulator)"
  #endif
}
