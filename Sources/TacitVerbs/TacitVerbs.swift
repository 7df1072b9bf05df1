package import ArgumentParser

/// The verbs over numbers, tables, budgets and ciphertexts: everything of `tacit` that trains and attacks no model.
package enum TacitVerbs {
  /// The commands, in the order of the help.
  package static var all: [any ParsableCommand.Type] {
    [
      NoiseCommand.self, AccountCommand.self, CalibrateCommand.self, ReleaseCommand.self, ExplainCommand.self,
      AccumulateCommand.self, MergeCommand.self, RandomizeCommand.self, EstimateCommand.self, LedgerCommand.self,
      PaillierCommand.self,
    ]
  }
}
