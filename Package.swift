// swift-tools-version: 6.2
import PackageDescription

/// Settings every Swift target of the package is compiled with.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let oracle: Target.Dependency = .product(name: "BigInt", package: "BigInt")

/// A library module under `Sources/`.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one module, under `Tests/<module>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: dependencies, swiftSettings: strict)
}

/// A benchmark executable under `Benchmarks/`.
func benchmark(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: "benchmark-\(name)", dependencies: dependencies, path: "Benchmarks/\(name)",
    swiftSettings: strict)
}

/// A notebook-as-script under `Notebooks-as-scripts/`.
func notebook(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: "notebook-\(name)", dependencies: dependencies, path: "Notebooks-as-scripts/\(name)",
    swiftSettings: strict)
}

let package = Package(
  name: "tacit",
  products: [
    .library(name: "ExactMath", targets: ["ExactMath"]),
    .library(name: "SecureRandom", targets: ["SecureRandom"]),
    .library(name: "TableFormats", targets: ["TableFormats"]),
    .library(name: "PrivacyAccounting", targets: ["PrivacyAccounting"]),
    .library(name: "DifferentialPrivacy", targets: ["DifferentialPrivacy"]),
    .library(name: "Paillier", targets: ["Paillier"]),
    .library(name: "SecureAggregation", targets: ["SecureAggregation"]),
    .library(name: "PrivacyLedger", targets: ["PrivacyLedger"]),
    .library(name: "PrivateStatistics", targets: ["PrivateStatistics"]),
    .library(name: "FederatedLearning", targets: ["FederatedLearning"]),
    .library(name: "FederatedMetrics", targets: ["FederatedMetrics"]),
    .library(name: "PrivacyAuditing", targets: ["PrivacyAuditing"]),
    .library(name: "Reporting", targets: ["Reporting"]),
    .library(name: "TacitC", type: .dynamic, targets: ["TacitC"]),
    .executable(name: "tacit", targets: ["TacitCommand"]),
  ],
  traits: [
    .trait(
      name: "MPI",
      description: "Simulations on several machines: Open MPI (libopenmpi-dev), or MPICH with MPI_PKG_CONFIG=mpich.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
  ],
  targets: [
    // Ground.
    .systemLibrary(
      name: "CGMP", pkgConfig: "gmp", providers: [.apt(["libgmp-dev"]), .brew(["gmp"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .systemLibrary(
      name: "CMPI", pkgConfig: Context.environment["MPI_PKG_CONFIG"] ?? "ompi-c",
      providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    .target(name: "CKernels"),
    .target(name: "CData", exclude: ["data"]),

    // Floor 0.
    module("SecureRandom", ["CKernels"]),
    module("ExactMath", ["CGMP"]),

    // Floor 1.
    module("BigNumber", ["CGMP", "CKernels", "SecureRandom"]),
    module("PrivacyAccounting", ["ExactMath"]),
    module("TableFormats", ["CKernels", "CZlib"]),
    module("Reporting", []),

    // Floor 2.
    module(
      "DifferentialPrivacy",
      ["CGMP", "CKernels", "SecureRandom", "ExactMath", "BigNumber", "PrivacyAccounting"]),
    module("Paillier", ["CKernels", "SecureRandom", "BigNumber", crypto]),

    // Floor 3.
    module(
      "SecureAggregation",
      [
        "CKernels", "SecureRandom", "ExactMath", "BigNumber", "PrivacyAccounting",
        "DifferentialPrivacy", "Paillier", crypto,
      ]),
    module("PrivacyLedger", ["ExactMath", "PrivacyAccounting", "CSQLite", crypto]),

    // Floor 4.
    module(
      "PrivateStatistics",
      [
        "CKernels", "SecureRandom", "ExactMath", "TableFormats", "PrivacyAccounting",
        "DifferentialPrivacy",
      ]),
    module(
      "FederatedLearning",
      [
        "CKernels", "CData", "SecureRandom", "ExactMath", "TableFormats", "PrivacyAccounting",
        "DifferentialPrivacy", "Paillier", "SecureAggregation", crypto,
        .target(name: "CMPI", condition: .when(traits: ["MPI"])),
      ]),

    // Floor 5.
    module("FederatedMetrics", ["FederatedLearning", metrics]),
    module(
      "PrivacyAuditing",
      ["SecureRandom", "ExactMath", "PrivacyAccounting", "DifferentialPrivacy", "FederatedLearning"]),

    // Floor 6.
    .target(
      name: "TacitC", dependencies: ["PrivateStatistics", "PrivacyAccounting", "TableFormats", "ExactMath"],
      exclude: ["include", "tacit.map"], swiftSettings: strict),
    module(
      "TacitVerbs",
      [
        "SecureRandom", "ExactMath", "BigNumber", "TableFormats", "Reporting", "PrivacyAccounting",
        "DifferentialPrivacy", "Paillier", "PrivacyLedger", "PrivateStatistics", "CSQLite", arguments, yaml, crypto,
      ]),

    // Floor 7.
    .executableTarget(
      name: "TacitCommand",
      dependencies: [
        "TacitVerbs", "CData", "SecureRandom", "ExactMath", "BigNumber", "TableFormats", "Reporting",
        "PrivacyAccounting", "DifferentialPrivacy", "Paillier", "SecureAggregation", "PrivacyLedger",
        "PrivateStatistics", "FederatedLearning", "PrivacyAuditing", arguments, yaml, crypto,
      ],
      swiftSettings: strict),

    // Benchmarks.
    benchmark("accounting", ["BenchmarkSupport", "PrivacyAccounting", "ExactMath"]),
    benchmark("noise", ["BenchmarkSupport", "DifferentialPrivacy", "SecureRandom", "ExactMath"]),
    benchmark("federated", ["BenchmarkSupport", "FederatedLearning", "SecureRandom", "ExactMath"]),
    benchmark("ranks", ["BenchmarkSupport", "FederatedLearning"]),
    benchmark("paillier", ["BenchmarkSupport", "BigNumber", "CKernels", "Paillier", "SecureRandom"]),
    benchmark(
      "secure-aggregation",
      ["BenchmarkSupport", "FederatedLearning", "SecureAggregation", "Paillier"]),
    benchmark("auditing", ["BenchmarkSupport", "PrivacyAuditing", "PrivacyAccounting", "ExactMath"]),
    benchmark(
      "pipelines",
      ["BenchmarkSupport", "PrivateStatistics", "TableFormats", "PrivacyAccounting", "ExactMath", "CKernels"]),
    benchmark("page", ["BenchmarkSupport", "Reporting"]),

    .target(name: "CBenchmark", path: "Benchmarks/counters"),
    .target(
      name: "BenchmarkSupport", dependencies: ["CBenchmark"], path: "Benchmarks/support", swiftSettings: strict),
    benchmark(
      "growth",
      [
        "BenchmarkSupport", "DifferentialPrivacy", "ExactMath", "FederatedLearning", "Paillier", "PrivacyAccounting",
        "PrivateStatistics", "SecureAggregation", "SecureRandom", "TableFormats",
      ]),

    // Notebooks.
    notebook(
      "01-laplace-and-gaussian",
      [
        "Reporting", "SecureRandom", "ExactMath", "PrivacyAccounting", "DifferentialPrivacy",
        "PrivacyAuditing",
      ]),
    notebook("02-accountants-compared", ["Reporting", "ExactMath", "PrivacyAccounting"]),
    notebook(
      "03-private-census",
      [
        "CData", "Reporting", "ExactMath", "SecureRandom", "TableFormats", "PrivacyAccounting", "PrivateStatistics",
      ]),
    notebook(
      "04-federated-averaging",
      ["Reporting", "ExactMath", "SecureRandom", "PrivacyAccounting", "FederatedLearning"]),
    notebook(
      "05-privacy-utility-frontier",
      ["Reporting", "ExactMath", "SecureRandom", "PrivacyAccounting", "FederatedLearning"]),
    notebook(
      "06-encrypting-a-hundred-clients",
      ["Reporting", "ExactMath", "SecureRandom", "PrivacyAccounting", "BigNumber", "Paillier", "SecureAggregation"]),
    notebook(
      "07-attack-and-defend",
      [
        "Reporting", "ExactMath", "SecureRandom", "PrivacyAccounting", "FederatedLearning", "PrivacyAuditing",
      ]),
    notebook(
      "08-budget-in-production",
      [
        "CData", "Reporting", "ExactMath", "SecureRandom", "TableFormats", "PrivacyAccounting", "PrivateStatistics",
        "PrivacyLedger",
      ]),

    // Tests.
    tests("SecureRandom", ["SecureRandom", "CKernels"]),
    tests("ExactMath", ["ExactMath", oracle]),
    tests("BigNumber", ["BigNumber", "CKernels", "SecureRandom", oracle]),
    tests("PrivacyAccounting", ["PrivacyAccounting", "ExactMath"]),
    tests("TableFormats", ["TableFormats", "CKernels"]),
    tests("Reporting", ["Reporting"]),
    tests(
      "DifferentialPrivacy",
      ["DifferentialPrivacy", "PrivacyAccounting", "SecureRandom", "ExactMath"]),
    .testTarget(
      name: "BugMuseum", dependencies: ["DifferentialPrivacy", "PrivacyAccounting", "SecureRandom", "ExactMath"],
      swiftSettings: strict),
    tests("Paillier", ["Paillier", "BigNumber", "SecureRandom", oracle]),
    tests(
      "SecureAggregation",
      [
        "CKernels", "SecureAggregation", "Paillier", "DifferentialPrivacy", "PrivacyAccounting",
        "SecureRandom", "ExactMath",
      ]),
    tests("PrivacyLedger", ["PrivacyLedger", "PrivacyAccounting", "ExactMath"]),
    tests(
      "PrivateStatistics",
      [
        "PrivateStatistics", "DifferentialPrivacy", "PrivacyAccounting", "TableFormats",
        "SecureRandom", "ExactMath", "CKernels",
      ]),
    tests(
      "FederatedLearning",
      [
        "FederatedLearning", "SecureAggregation", "DifferentialPrivacy", "PrivacyAccounting",
        "TableFormats", "SecureRandom", "ExactMath",
      ]),
    tests("FederatedMetrics", ["FederatedMetrics", "FederatedLearning", metrics]),
    tests(
      "PrivacyAuditing",
      [
        "PrivacyAuditing", "FederatedLearning", "DifferentialPrivacy", "PrivacyAccounting", "SecureRandom",
        "ExactMath",
      ]),
    tests(
      "Guides",
      [
        "DifferentialPrivacy", "ExactMath", "FederatedLearning", "Paillier", "PrivacyAccounting", "PrivateStatistics",
        "SecureRandom", "TableFormats",
      ]),
    tests("TacitCommand", ["TacitCommand"]),
    .testTarget(name: "TacitCTests", dependencies: ["TacitC", "CKernels"], exclude: ["C"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
