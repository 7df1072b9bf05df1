extension PartitionOptions: OptionSection {
  static var kinds: [(kind: String, options: [String])] {
    [
      ("iid", ["clients"]), ("shards", ["clients", "shards_per_client"]),
      ("dirichlet", ["clients", "alpha", "minimum_examples"]), ("power-law", ["clients", "exponent"]),
      ("log-normal", ["clients", "sigma"]), ("natural", ["column"]),
    ]
  }
  var selected: String { kind }
}

extension ModelOptions: OptionSection {
  static var kinds: [(kind: String, options: [String])] {
    [("softmax", []), ("mlp", ["hidden"]), ("cnn", ["channels", "hidden"]), ("linear", [])]
  }
  var selected: String { kind }
}

extension AlgorithmOptions: OptionSection {
  static var common: [String] { ["server_learning_rate"] }
  static var kinds: [(kind: String, options: [String])] {
    [
      ("fedavg", []), ("fedsgd", []), ("fedprox", ["mu"]), ("fedavgm", ["momentum"]),
      ("fedadagrad", ["beta1", "tau"]), ("fedadam", ["beta1", "beta2", "tau"]),
      ("fedyogi", ["beta1", "beta2", "tau"]), ("scaffold", []), ("fednova", []), ("fedbuff", ["buffer"]),
    ]
  }
  var selected: String { kind }
}

extension ClientOptions: OptionSection {
  static var common: [String] { ["epochs", "batch_size", "batch_rate", "learning_rate"] }
  static var kinds: [(kind: String, options: [String])] { [] }
  var selected: String { "" }
}

extension CohortOptions: OptionSection {
  static var selector: String { "sampling" }
  static var kinds: [(kind: String, options: [String])] {
    [
      ("all", []), ("poisson", ["rate"]), ("fixed", ["size"]), ("with-replacement", ["size"]),
      ("min-separation", ["size", "separation"]),
    ]
  }
  var selected: String { sampling }
}

extension QuantizeOptions: OptionSection {
  static var common: [String] { ["bits", "range", "rotation"] }
  static var kinds: [(kind: String, options: [String])] { [] }
  var selected: String { "" }
}

extension AggregationOptions: OptionSection {
  static var common: [String] { ["min_contributors"] }
  static var kinds: [(kind: String, options: [String])] {
    [
      ("plain", []), ("paillier", ["key_bits"]), ("threshold-paillier", ["key_bits", "threshold", "parties"]),
      ("pairwise", ["threshold"]), ("pairwise-graph", ["neighbours", "threshold"]),
    ]
  }
  var selected: String { kind }
}

extension EvaluationOptions: OptionSection {
  static var common: [String] { ["every"] }
  static var kinds: [(kind: String, options: [String])] { [] }
  var selected: String { "" }
}
