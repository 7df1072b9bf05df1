// expect: cannot convert value of type
//
// Fresh and derived ciphertexts are different types: what was computed cannot pass for what was encrypted.
import Paillier

func total(
  _ fresh: EncryptedVector<Fresh>, _ derived: EncryptedVector<Derived>
) throws -> EncryptedVector<Derived> {
  #if CONTROL
    try EncryptedVector.sum([fresh, fresh])
  #else
    try EncryptedVector<Fresh>.sum([fresh, derived])
  #endif
}
