import Glibc

/// Processor time of this thread in seconds.
func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The best of three wall times of `body` in seconds.
func wallSeconds(_ body: () throws -> Void) rethrows -> Double {
  var best = Double.infinity
  for _ in 0..<3 {
    var (start, end) = (timespec(), timespec())
    unsafe clock_gettime(CLOCK_MONOTONIC, &start)
    try body()
    unsafe clock_gettime(CLOCK_MONOTONIC, &end)
    best = min(best, Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) * 1e-9)
  }
  return best
}

/// The processor's rate as the system states it, for turning times into cycles.
let megahertz: Double = {
  for line in lines(of: "grep -m1 MHz /proc/cpuinfo") {
    if let text = line.split(separator: ":").last, let value = Double(text.drop { $0 == " " }) { return value }
  }
  return 0
}()

/// What a shell command prints.
func lines(of command: String) -> [Substring] {
  guard let stream = unsafe popen(command, "r") else { return [] }
  defer { unsafe pclose(stream) }
  var text: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = unsafe fread(&block, 1, block.count, stream)
    if count == 0 { return String(decoding: text, as: UTF8.self).split(separator: "\n") }
    text += block[..<count]
  }
}

func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }

func round(_ value: Double) -> Double { (value * 100).rounded() / 100 }

func format(_ micros: Double) -> String {
  micros >= 100 ? "\(round(micros / 1000)) ms" : "\((micros * 1000).rounded() / 1000) µs"
}

/// The median over nine runs of the time of one operation, when `body` does `count` of them; printed and returned in
/// seconds.
///
/// - Parameters:
///   - products: 64-bit products one operation needs.
///   - target: The time aimed at in microseconds, by bits of the modulus.
@discardableResult
func measure(
  _ name: String, count: Int, products: Int? = nil, target: [Int: Double] = [:], _ body: () throws -> Void
) rethrows -> Double {
  var times: [Double] = []
  for _ in 0..<9 {
    let start = processorSeconds()
    try body()
    times.append((processorSeconds() - start) / Double(count))
  }
  times.sort()
  let micros = times[4] * 1e6
  let cycles = micros * megahertz
  var line = pad(name, 52) + pad(format(micros), 13) + pad(target[bits].map { "≤ " + format($0) } ?? "", 13)
  line += pad("\(Int(cycles))", 13)
  if let products { line += "\(round(cycles / Double(products)))" }
  print(line)
  return times[4]
}

/// Limb products of the two-digit formulae.
struct Cost {
  /// Limbs of the modulus.
  let limbs: Int

  /// A product of pairs with digits of `digits` limbs: three products and two reductions.
  func multiply(_ digits: Int) -> Int { 5 * digits * digits + 2 * digits }

  /// A square: half a product less, and one cross product instead of two.
  func square(_ digits: Int) -> Int { (7 * digits * digits + 5 * digits) / 2 }

  /// A power by fixed windows of five bits.
  func power(exponent: Int, digits: Int) -> Int {
    exponent * square(digits) + (exponent / 5 + 30) * multiply(digits)
  }

  /// A comb of ten teeth and eight tables, or of five and sixteen in constant time.
  func comb(exponent: Int, digits: Int, _ variableTime: Bool) -> Int {
    let (teeth, tables) = variableTime ? (10, 8) : (5, 16)
    let columns = (exponent + teeth - 1) / teeth
    return columns * multiply(digits) + ((columns + tables - 1) / tables - 1) * square(digits)
  }
}

/// Rows of python-paillier and HEU, measured in the same run by the interpreter that has them.
func printPeers(python: String?, bits: Int) {
  guard let python else {
    print("python-paillier, HEU: not measured; name a Python that has them as the second argument")
    return
  }
  for line in lines(of: "\(python) Benchmarks/Peers/paillier_peers.py \(bits)") {
    let fields = line.split(separator: "\t")
    let seconds = fields.count == 2 ? Double(fields[1]) : nil
    print(pad(String(fields.first ?? ""), 52) + (seconds.map { format($0 * 1e6) } ?? ""))
  }
}
