import DifferentialPrivacy
import PrivacyAccounting
import SecureRandom

let mechanism = try DiscreteLaplaceMechanism(epsilon: Epsilon(1))
var generator = SecureGenerator()
let released = mechanism.release(42, using: &generator)
print("\(released) ± \(mechanism.errorBound(confidence: 0.95)) for \(mechanism.event)")
