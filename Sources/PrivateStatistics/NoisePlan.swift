import DifferentialPrivacy
import ExactMath
import PrivacyAccounting

/// One family of integers that a release adds noise to: for every group `width` cells, all with the same noise.
struct NoisePart: Sendable {
  /// What the cells hold.
  enum Role: Sendable, Hashable {
    case rows, units, sum, centred, squares, bins, tree
  }

  /// The metric the cells belong to.
  let metric: Int
  let role: Role
  /// The first cell within a group.
  let offset: Int
  /// The cells of one group.
  let width: Int
  /// The part's share of ε.
  let epsilon: Rational
  /// The noise on all cells of all groups together.
  let mechanism: DiscreteLaplaceMechanism
  /// What the part costs.
  let event: PrivacyEvent

  /// The scale of the noise, in steps.
  var scale: Rational { mechanism.scale.value }
}

/// Everything a release will do, fixed by the query alone, before any data.
///
/// **Sensitivity.** A unit reaches at most L₀ groups with at most L∞ rows in each. Adding or removing it changes the
/// cells of those groups by at most `groupSensitivity` each, in L1. Replacing it removes one unit and adds another:
/// twice as much. The noise scale is that L1 sensitivity over the part's ε, so the part costs exactly its ε.
/// Under add-remove, cells that change one at a time are charged as that many discrete Laplace mechanisms; everything
/// else as the vector mechanism's pure loss.
struct NoisePlan: Sendable {
  let parts: [NoisePart]
  /// The cells of one group.
  let width: Int
  /// The complete charge.
  let event: PrivacyEvent

  /// The parts as hot loops read them.
  var rules: [CellRule] { parts.map { CellRule(metric: $0.metric, role: $0.role, offset: $0.offset) } }

  /// Levels and branching of the trees under quantiles: 16³ leaves.
  static let treeLevels = 3
  static let treeBranching = 16
  static let leafCount = 4_096

  init(_ query: Query) throws(StatisticsError) {
    let total = query.metrics.reduce(Rational.zero) { $0 + $1.weight }
    var parts: [NoisePart] = []
    var offset = 0
    for (index, metric) in query.metrics.enumerated() {
      let shapes = NoisePlan.shapes(of: metric, rows: query.bounds.rowsPerGroup)
      let share = query.epsilon.value * metric.weight / total / Rational(shapes.count)
      for shape in shapes {
        guard shape.group <= 1 << 44 else {
          throw .query("metrics[\(index)].step", "one unit may contribute more than 2^44 steps")
        }
        let part = try NoisePlan.part(shape, metric: index, offset: offset, epsilon: share, query: query)
        parts.append(part)
        offset += shape.width
      }
    }
    let cells = offset.multipliedReportingOverflow(by: query.groupCount)
    guard !cells.overflow, cells.partialValue <= 1 << 28 else {
      throw .query("group_by", "groups and bins together make more than 2^28 cells")
    }
    self.parts = parts
    width = offset
    event = parts.count == 1 ? parts[0].event : .composed(parts.map(\.event))
  }

  private typealias Shape = (role: NoisePart.Role, width: Int, cell: Int, group: Int)

  private static func shapes(of metric: Metric, rows: Int) -> [Shape] {
    let count: Shape = (.rows, 1, rows, rows)
    guard let grid = metric.grid else {
      switch metric.kind {
      case .units: return [(.units, 1, 1, 1)]
      case .histogram:
        let bins = metric.keys.isEmpty ? metric.edges.count - 1 : metric.keys.count
        return [(.bins, bins, rows, rows)]
      default: return [count]
      }
    }
    switch metric.kind {
    case .sum: return [(.sum, 1, rows * grid.reach, rows * grid.reach)]
    case .mean: return [count, (.centred, 1, rows * grid.radius, rows * grid.radius)]
    case .quantile:
      var nodes = 0
      var level = 1
      for _ in 0..<treeLevels {
        level *= treeBranching
        nodes += level
      }
      return [(.tree, nodes, rows, rows * treeLevels)]
    default:
      let square = rows * grid.radius * grid.radius
      return [count, (.centred, 1, rows * grid.radius, rows * grid.radius), (.squares, 1, square, square)]
    }
  }

  private static func part(
    _ shape: Shape, metric: Int, offset: Int, epsilon: Rational, query: Query
  ) throws(StatisticsError) -> NoisePart {
    let groups = query.bounds.groupsPerUnit
    let copies = query.adjacency == .replaceOne ? 2 : 1
    let total = shape.group * groups * copies
    let scale = Rational(total) / epsilon
    do throws(ParameterError) {
      let mechanism = try DiscreteLaplaceMechanism(
        scale: scale, sensitivity: total, dimension: shape.width * query.groupCount)
      var event = mechanism.event
      // Cells that a unit changes one at a time: a single cell in each group, or one row moving one cell a level.
      if query.adjacency == .addOrRemove, shape.width == 1 || query.bounds.rowsPerGroup == 1 {
        let times = groups * (shape.group / shape.cell)
        let once = try DiscreteLaplaceMechanism(scale: scale, sensitivity: shape.cell).event
        event = times == 1 ? once : try .repeated(once, count: times)
      }
      return NoisePart(
        metric: metric, role: shape.role, offset: offset, width: shape.width, epsilon: epsilon, mechanism: mechanism,
        event: event)
    } catch {
      throw .query("metrics[\(metric)]", "its noise cannot be drawn: \(error.description)")
    }
  }
}

extension Query {
  /// The number of groups that are answered.
  public var groupCount: Int { groupBy.reduce(1) { $0 * $1.keys.count } }
}
