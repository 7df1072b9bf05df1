// swift-tools-version: 6.2
import PackageDescription

/// Executables that use one library product each, as a user's package would, with no flags in the manifest.
///
/// Products after the first are those whose types the first one speaks in.
let uses = [
  "use-differential-privacy": ["DifferentialPrivacy", "PrivacyAccounting", "SecureRandom"],
  "use-exact-math": ["ExactMath"],
  "use-federated-learning": ["FederatedLearning"],
  "use-federated-metrics": ["FederatedMetrics", "FederatedLearning"],
  "use-paillier": ["Paillier"],
  "use-privacy-accounting": ["PrivacyAccounting"],
  "use-privacy-auditing": ["PrivacyAuditing"],
  "use-privacy-ledger": ["PrivacyLedger", "PrivacyAccounting"],
  "use-private-statistics": ["PrivateStatistics", "PrivacyAccounting", "TableFormats"],
  "use-reporting": ["Reporting"],
  "use-secure-aggregation": ["SecureAggregation", "Paillier"],
  "use-secure-random": ["SecureRandom"],
  "use-table-formats": ["TableFormats"],
]

let package = Package(
  name: "dependents",
  dependencies: [.package(name: "tacit", path: "../..")],
  targets: uses.sorted { $0.key < $1.key }.map { name, products in
    .executableTarget(
      name: name, dependencies: products.map { .product(name: $0, package: "tacit") }, path: "Sources/\(name)")
  },
  swiftLanguageModes: [.v6]
)
