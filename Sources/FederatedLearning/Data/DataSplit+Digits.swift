private import CData

extension DataSplit {
  /// The embedded 8×8 digits (UCI, 1,797 images), pixels over 16; the last 360 images are the test set.
  ///
  /// - Throws: ``FederatedError`` only if the embedded table is damaged.
  public static func digits() throws(FederatedError) -> DataSplit {
    let (pixels, labels) = try embeddedDigits()
    let all = try LabeledData(features: pixels.map { Float($0) / 16 }, labels: labels, width: 64, classes: 10)
    return try DataSplit(training: all[0..<all.count - 360], test: all[all.count - 360..<all.count])
  }

  /// The embedded digits as histograms of edge directions instead of pixels: a fixed public transform of each image.
  ///
  /// Each image becomes 16 cells of 2×2 pixels with 8 directions each (see ``OrientationHistogram``), 128 features.
  /// Linear models separate these better than pixels, so that few noisy rounds suffice.
  ///
  /// - Throws: ``FederatedError`` only if the embedded table is damaged.
  public static func digitOrientations() throws(FederatedError) -> DataSplit {
    let (pixels, labels) = try embeddedDigits()
    var features: [Float] = []
    features.reserveCapacity(labels.count * 128)
    for image in 0..<labels.count {
      OrientationHistogram.append(Array(pixels[image * 64..<(image + 1) * 64]), side: 8, to: &features)
    }
    let all = try LabeledData(features: features, labels: labels, width: 128, classes: 10)
    return try DataSplit(training: all[0..<all.count - 360], test: all[all.count - 360..<all.count])
  }

  private static func embeddedDigits() throws(FederatedError) -> (pixels: [Int32], labels: [UInt16]) {
    let text = unsafe UnsafeBufferPointer(start: tacit_digits_table(), count: Int(tacit_digits_csv_length))
    var pixels: [Int32] = []
    var labels: [UInt16] = []
    pixels.reserveCapacity(1797 * 64)
    var value: Int32 = 0
    var column = 0
    for index in 0..<text.count {
      let byte = unsafe text[index]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value * 10 + Int32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: ","):
        pixels.append(value)
        value = 0
        column += 1
      case UInt8(ascii: "\n"):
        guard column == 64 else { throw FederatedError(.data, "digits", "the embedded table is damaged") }
        labels.append(UInt16(truncatingIfNeeded: value))
        value = 0
        column = 0
      default: throw FederatedError(.data, "digits", "the embedded table is damaged")
      }
    }
    guard labels.count == 1797 else { throw FederatedError(.data, "digits", "the embedded table is damaged") }
    return (pixels, labels)
  }
}
