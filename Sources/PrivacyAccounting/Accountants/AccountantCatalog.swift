/// The accountants by the names of the command.
public enum AccountantCatalog {
  /// All names, `auto` first.
  public static var names: [String] { all.map(\.name) }

  /// The accountant of that name; `nil` when there is none.
  public static func named(_ name: String) -> (any Accountant)? {
    all.first { $0.name == name }
  }

  private static var all: [any Accountant] {
    [
      AutomaticAccountant(), PureAccountant(), AdvancedAccountant(), OptimalAccountant(), ShuffleAccountant(),
      ZCDPAccountant(), RenyiAccountant(), GaussianAccountant(), LossDistributionAccountant(),
    ]
  }
}
