// expect: requires that 'PermuteAndFlipMechanism' conform to 'BoundedRange'
//
// Pure epsilon gives epsilon²/2; epsilon²/8 is a theorem about the exponential mechanism's bounded range alone.
import DifferentialPrivacy
import PrivacyAccounting

func concentrated(_ exponential: ExponentialMechanism, _ flip: PermuteAndFlipMechanism) -> (Rho, Rho) {
  #if CONTROL
    (Rho(boundedRange: exponential), Rho(pure: flip))
  #else
    (Rho(boundedRange: exponential), Rho(boundedRange: flip))
  #endif
}
