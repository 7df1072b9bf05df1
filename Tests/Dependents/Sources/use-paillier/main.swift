import Paillier

let key = try PaillierPrivateKey.generate(.bits2048)
let plan = try SlotPlan(valueBits: 20, maxSummands: 100, for: key.publicKey)
var encryptor = try Encryptor(key.publicKey)
let first = try encryptor.encrypt([1, -2, 3], plan)
let second = try encryptor.encrypt([10, 20, 30], plan)
let total = try EncryptedVector.sum([first, second])
let opened = try key.decrypt(total, minimumSummands: 2)
guard opened == [11, 18, 33] else { fatalError("the sum is \(opened)") }
print("a sum of \(total.totalWeight) encrypted vectors is \(opened)")
