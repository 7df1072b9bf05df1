/// A growing SVG document: elements with fixed-decimal coordinates and escaped text.
struct SVGCanvas {
  private(set) var markup = ""

  /// A coordinate with two decimals and no trailing zeros.
  static func number(_ value: Double) -> String {
    var text = Substring(NumberText.fixed(value, decimals: 2))
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return String(text)
  }

  /// Appends markup that is already well formed.
  mutating func raw(_ text: String) {
    markup += text
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String) {
    let n = Self.number
    markup += "<line class=\"\(name)\" x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\"/>\n"
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, class name: String, tip: String? = nil
  ) {
    let n = Self.number
    let shape = "<rect class=\"\(name)\" x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\""
    markup += tip.map { "\(shape)><title>\(Markup.escaped($0))</title></rect>\n" } ?? "\(shape)/>\n"
  }

  /// A path through points; `closed` joins the last to the first.
  mutating func path(_ points: [(x: Double, y: Double)], class name: String, dash: String = "", closed: Bool = false) {
    guard !points.isEmpty else { return }
    var data = ""
    for (index, point) in points.enumerated() {
      data += "\(index == 0 ? "M" : "L")\(Self.number(point.x)) \(Self.number(point.y))"
    }
    let dashing = dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    markup += "<path class=\"\(name)\"\(dashing) d=\"\(data)\(closed ? "Z" : "")\"/>\n"
  }

  /// Text at a point.
  ///
  /// - Parameters:
  ///   - anchor: `start`, `middle` or `end`.
  ///   - turn: Degrees clockwise around the point.
  mutating func text(
    _ content: String, x: Double, y: Double, anchor: String = "start", class name: String? = nil, turn: Double = 0
  ) {
    let n = Self.number
    let styling = name.map { " class=\"\($0)\"" } ?? ""
    let turning = turn == 0 ? "" : " transform=\"rotate(\(n(turn)) \(n(x)) \(n(y)))\""
    markup +=
      "<text\(styling) x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\"\(turning)>\(Markup.escaped(content))</text>\n"
  }

  /// The marker of a series: a shape of its own for each place in the palette.
  mutating func marker(_ slot: Int, x: Double, y: Double, size: Double = 4, tip: String? = nil) {
    let n = Self.number
    func polygon(_ offsets: [(Double, Double)]) -> String {
      let corners = offsets.map { "\(n(x + $0.0 * size)),\(n(y + $0.1 * size))" }.joined(separator: " ")
      return "<polygon class=\"mk f\(slot)\" points=\"\(corners)\""
    }
    let shape =
      switch slot % 5 {
      case 0: "<circle class=\"mk f\(slot)\" cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(size))\""
      case 1: polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
      case 2: polygon([(0, -1.2), (1.1, 0.8), (-1.1, 0.8)])
      case 3: polygon([(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)])
      default: polygon([(0, 1.2), (1.1, -0.8), (-1.1, -0.8)])
      }
    let name = String(shape.dropFirst().prefix { $0 != " " })
    markup += tip.map { "\(shape)><title>\(Markup.escaped($0))</title></\(name)>\n" } ?? "\(shape)/>\n"
  }
}
