// swift-tools-version: 6.2
import PackageDescription

/// One executable for each library product, which depends on that product alone: what a user's package looks like,
/// with no flags in the manifest.
let uses = [
  "ExactMath": "use-exact-math",
  "Paillier": "use-paillier",
  "PrivacyAccounting": "use-privacy-accounting",
  "PrivacyAuditing": "use-privacy-auditing",
  "Reporting": "use-reporting",
  "SecureRandom": "use-secure-random",
]

let package = Package(
  name: "dependents",
  dependencies: [.package(name: "tacit", path: "../..")],
  targets: uses.sorted { $0.key < $1.key }.map { product, name in
    .executableTarget(
      name: name, dependencies: [.product(name: product, package: "tacit")], path: "Sources/\(name)")
  },
  swiftLanguageModes: [.v6]
)
