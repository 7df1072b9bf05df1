// expect: 'budget' consumed more than once
//
// A budget exists once: two copies could spend the same remainder twice.
import PrivacyAccounting

func spendAll(_ budget: consuming PrivacyBudget) {}

func run(_ budget: consuming PrivacyBudget) {
  spendAll(budget)
  #if !CONTROL
    spendAll(budget)
  #endif
}
