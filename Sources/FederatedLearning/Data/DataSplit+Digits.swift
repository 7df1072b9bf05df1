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
  /// Each image becomes 16 cells of 2×2 pixels with 8 directions each (see `OrientationHistogram`), 128 features.
  /// Linear models separate these better than pixels, so that few noisy rounds suffice.
  ///
  /// - Throws: ``FederatedError`` only if the embedded table is damaged.
  public static func digitOrientations() throws(FederatedError) -> DataSplit {
    try orientations(of: embeddedDigits())
  }

  /// Digits of the user's, in the form of the embedded table, as histograms of edge directions.
  ///
  /// - Parameter csv: lines of 64 pixels 0…16 and a label 0…9, separated by commas, no header; the last fifth is the
  ///   test set.
  /// - Throws: ``FederatedError`` naming the line that is not of that form, or when there are fewer than 100 lines.
  public static func digitOrientations(csv: [UInt8]) throws(FederatedError) -> DataSplit {
    try orientations(of: digits(in: csv))
  }

  private static func orientations(of table: (pixels: [Int32], labels: [UInt16])) throws(FederatedError) -> DataSplit {
    let (pixels, labels) = table
    var features: [Float] = []
    features.reserveCapacity(labels.count * 128)
    for image in 0..<labels.count {
      OrientationHistogram.append(Array(pixels[image * 64..<(image + 1) * 64]), side: 8, to: &features)
    }
    let all = try LabeledData(features: features, labels: labels, width: 128, classes: 10)
    let held = all.count / 5 + (all.count == 1797 ? 1 : 0)
    return try DataSplit(training: all[0..<all.count - held], test: all[all.count - held..<all.count])
  }

  private static func embeddedDigits() throws(FederatedError) -> (pixels: [Int32], labels: [UInt16]) {
    let text = unsafe UnsafeBufferPointer(start: tacit_digits_table(), count: Int(tacit_digits_csv_length))
    return try unsafe digits(in: Array(text))
  }

  /// Reads lines of 64 pixels and a label.
  private static func digits(in text: [UInt8]) throws(FederatedError) -> (pixels: [Int32], labels: [UInt16]) {
    var pixels: [Int32] = []
    var labels: [UInt16] = []
    pixels.reserveCapacity(1797 * 64)
    var value: Int32 = 0
    var column = 0
    for byte in text {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9") where value < 10: value = value * 10 + Int32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: ",") where value <= 16:
        pixels.append(value)
        value = 0
        column += 1
      case UInt8(ascii: "\n") where column == 64 && value <= 9:
        labels.append(UInt16(truncatingIfNeeded: value))
        value = 0
        column = 0
      default:
        throw FederatedError(.data, "digits", "line \(labels.count + 1) is not 64 pixels 0…16 and a label 0…9")
      }
    }
    guard labels.count >= 100, column == 0 else {
      throw FederatedError(.data, "digits", "fewer than 100 whole lines")
    }
    return (pixels, labels)
  }
}
