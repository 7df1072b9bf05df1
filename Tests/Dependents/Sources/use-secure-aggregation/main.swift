import Paillier
import SecureAggregation

let shape = try SumShape(count: 3, ringBits: 16, maximumContributors: 4, minimumContributors: 2)
var sum = try PaillierSum(shape, key: PaillierPrivateKey.generate(.bits2048))
var server = sum.makeServer(round: 1)
for (client, values) in [[1, -2, 3], [10, 20, 30]].enumerated() {
  var sender = sum.makeClient()
  try server.add(sender.protect(values.map(Int64.init), client: client, round: 1))
}
let opened = try sum.open(server)
guard opened == [11, 18, 33] else { fatalError("the sum is \(opened)") }
print("an encrypted sum of two clients is \(opened)")
