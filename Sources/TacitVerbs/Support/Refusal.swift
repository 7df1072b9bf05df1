import PrivacyAccounting
import PrivacyLedger
import PrivateStatistics
import TableFormats

/// Turns the libraries' errors into one-line refusals.
package func refusing<Result>(_ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as StatisticsError {
    throw CommandFailure(error.description)
  } catch let error as TableError {
    throw CommandFailure(error.description)
  } catch let error as LedgerError {
    throw CommandFailure(error.description)
  } catch let error as BudgetRefusal {
    throw CommandFailure(error.description)
  } catch let error as ParameterError {
    throw CommandFailure(error.description, code: .usage)
  }
}
