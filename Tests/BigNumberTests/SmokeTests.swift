import BigNumber
import Testing
