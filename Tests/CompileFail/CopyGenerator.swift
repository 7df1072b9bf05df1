// expect: 'generator' consumed more than once
//
// Two copies of a generator would give the same noise twice, and noise used twice cancels.
import SecureRandom

func draw(_ generator: consuming SecureGenerator) {}

func run() {
  let generator = SecureGenerator()
  draw(generator)
  #if !CONTROL
    draw(generator)
  #endif
}
