// expect: requires the types 'Derived' and 'Fresh' be equivalent
//
// A computed ciphertext can be searched for its inputs, so only a rerandomised one has a byte form.
import Paillier

func export(_ sum: EncryptedVector<Derived>, _ encryptor: inout Encryptor) throws -> [UInt8] {
  #if CONTROL
    try sum.rerandomized(using: &encryptor).serialized()
  #else
    sum.serialized()
  #endif
}
