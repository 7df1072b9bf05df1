import CData
import FederatedLearning
import TacitVerbs

/// The tables the demo runs on: embedded in the binary, or a folder of the user's.
struct DemoData {
  /// A CSV table with the columns age, education, sex and hours-per-week.
  let census: [UInt8]
  /// What the federation trains on: the embedded digits, or the user's.
  let digits: DataSplit
  /// What the configuration files call the digits.
  let digitsName: String

  /// Loads the tables.
  ///
  /// - Parameter folder: Holds `census.csv` and `digits.csv` in the form of the embedded tables; `nil` for those.
  /// - Throws: ``CommandFailure`` naming the file.
  init(folder: String?) throws {
    guard let folder else {
      census = unsafe Array(UnsafeBufferPointer(start: tacit_adult_table(), count: Int(tacit_adult_csv_length)))
      digits = try DataSplit.digitOrientations()
      digitsName = "digits;features=orientations"
      return
    }
    census = try Input.read("\(folder)/census.csv", limit: 1 << 28)
    do {
      digits = try DataSplit.digitOrientations(csv: Input.read("\(folder)/digits.csv", limit: 1 << 26))
    } catch let error as FederatedError {
      throw CommandFailure("\(folder)/digits.csv: \(error.message)")
    }
    digitsName = "the digits of \(folder)"
  }
}
