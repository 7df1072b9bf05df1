/// The colours of plots and pages, on light and on dark ground.
///
/// Series colours are those of Okabe and Ito ("Color Universal Design", 2008), which stay apart for the common
/// forms of colour blindness, darkened for white ground and lightened for dark ground. Series also differ by dash
/// and marker, so colour is never the only sign.
enum PlotPalette {
  /// Series colours on light ground.
  static let light = ["#0072b2", "#d55e00", "#008a66", "#b5568f", "#8f6400", "#3b8fc4", "#555555", "#7a4fb0"]

  /// Series colours on dark ground.
  static let dark = ["#56b4e9", "#ff8c42", "#2bc79a", "#e8a0c8", "#f0b429", "#a8d5f5", "#bdbdbd", "#b99af0"]

  /// Dash patterns, in the order of the series.
  static let dashes = ["", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 4", "6 2 2 2 2 2"]

  /// The place of a series in the palette.
  static func slot(_ index: Int) -> Int {
    index % light.count
  }

  /// The style sheet of a drawing, the same for every plot of a page.
  static let style: String = {
    var css = """
      .tp{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:13px}
      .tp text{fill:#3a3f45}
      .tp .tt{font-size:15px;font-weight:600;fill:#15181b}
      .tp .bg{fill:#ffffff}
      .tp .gr{stroke:#e3e6ea;stroke-width:1;fill:none}
      .tp .ax{stroke:#8b929b;stroke-width:1;fill:none}
      .tp .ln{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
      .tp .er{fill:none;stroke-width:1.4}
      .tp .bd{opacity:.17;stroke:none}
      .tp .ru{fill:none;stroke:#5b6169;stroke-width:1.4;stroke-dasharray:5 4}
      .tp .rb{fill:#5b6169;opacity:.12}
      .tp .mk{stroke:#ffffff;stroke-width:1}
      .tp .bo{fill-opacity:.55}
      .tp .er{stroke:#15181b}

      """
    for (index, colour) in light.enumerated() {
      css += ".tp .s\(index){stroke:\(colour)}.tp .f\(index){fill:\(colour)}\n"
    }
    css += """
      @media (prefers-color-scheme:dark){
      .tp text{fill:#b9c0c8}
      .tp .tt{fill:#eef1f4}
      .tp .bg{fill:#15181c}
      .tp .gr{stroke:#2b3138}
      .tp .ax{stroke:#6d757e}
      .tp .ru{stroke:#a3abb4}
      .tp .rb{fill:#a3abb4}
      .tp .mk{stroke:#15181c}
      .tp .er{stroke:#eef1f4}

      """
    for (index, colour) in dark.enumerated() {
      css += ".tp .s\(index){stroke:\(colour)}.tp .f\(index){fill:\(colour)}\n"
    }
    return css + "}\n"
  }()
}
