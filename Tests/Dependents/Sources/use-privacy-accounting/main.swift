import PrivacyAccounting

let event = try PrivacyEvent(parsing: "laplace(scale=20) * 20")
let bounds = try PureAccountant().epsilon(of: event, delta: Delta(0), adjacency: .addOrRemove)
guard bounds.upper >= 1, bounds.upper < 1.000_001 else { fatalError("\(event) costs \(bounds)") }
print("\(event) costs ε ≤ \(bounds.upper)")
