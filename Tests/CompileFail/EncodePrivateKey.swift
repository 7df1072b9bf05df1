// expect: PaillierPrivateKey' conform to '(Encodable|Copyable)'
//
// A key does not conform to Codable, so that no encoder can write it by accident.
import Paillier

func encode<Value: Encodable>(_ value: Value) {}

func write(_ key: consuming PaillierPrivateKey) {
  #if CONTROL
    encode(key.publicKey.bitWidth)
  #else
    encode(key)
  #endif
}
