// expect: cannot (convert|pass).*SimulationGenerator
//
// A release draws from the secure generator alone; what a seed can repeat protects nobody.
import DifferentialPrivacy
import SecureRandom

func release(
  _ mechanism: DiscreteLaplaceMechanism, _ secure: inout SecureGenerator, _ simulation: inout SimulationGenerator
) throws {
  #if CONTROL
    _ = try mechanism.release(5, using: &secure)
  #else
    _ = try mechanism.release(5, using: &simulation)
  #endif
}
