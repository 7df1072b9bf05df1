// expect: no exact matches in call to instance method 'appendInterpolation'
//
// A key has no description, so it cannot reach a log by interpolation.
import Paillier

func log(_ key: borrowing PaillierPrivateKey) -> String {
  #if CONTROL
    "\(key.publicKey)"
  #else
    "\(key)"
  #endif
}
