// expect: (noncopyable type 'PaillierPrivateKey'|requires that 'PaillierPrivateKey' conform to 'Copyable'|PaillierPrivateKey.*cannot)
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
