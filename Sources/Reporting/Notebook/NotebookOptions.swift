/// What the command line of a notebook asked for.
struct NotebookOptions: Hashable {
  /// A command line that cannot be understood.
  struct UsageError: Error, Hashable {
    var message: String
  }

  var isQuick = false
  var isSilent = false
  var html: String?
  var jupyter: String?
  var golden: String?

  /// No options: Markdown on standard output.
  static let standard = NotebookOptions()

  private init() {}

  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      switch option {
      case "--quick": isQuick = true
      case "--silent": isSilent = true
      case "--html": html = try Self.value(of: option, &rest)
      case "--ipynb": jupyter = try Self.value(of: option, &rest)
      case "--check": golden = try Self.value(of: option, &rest)
      default:
        throw UsageError(
          message: "unknown option \(option); there are --html FILE, --ipynb FILE, --check FILE, --quick and --silent")
      }
    }
  }

  private static func value(of option: String, _ rest: inout ArraySlice<String>) throws(UsageError) -> String {
    guard let value = rest.popFirst(), !value.hasPrefix("--") else {
      throw UsageError(message: "\(option) needs a file name")
    }
    return value
  }
}
