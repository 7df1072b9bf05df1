// expect: 'key' consumed more than once
//
// A key exists once, so that wiping it ends it.
import Paillier

func keep(_ key: consuming PaillierPrivateKey) {}

func handOver(_ key: consuming PaillierPrivateKey) {
  keep(key)
  #if !CONTROL
    keep(key)
  #endif
}
