import TableFormats

extension DataSplit {
  /// Images and labels in the IDX format of MNIST, gzip or not; pixels are divided by 255.
  ///
  /// Without test files the last sixth of the examples is the test set, as the 60,000 + 10,000 of MNIST suggest.
  ///
  /// - Throws: `TableError` naming the file that is no IDX; ``FederatedError`` when images and labels do not fit together.
  public static func idx(
    images: String, labels: String, testImages: String? = nil, testLabels: String? = nil
  ) throws -> DataSplit {
    let training = try idxPart(images, labels, classes: nil)
    guard let testImages, let testLabels else {
      let cut = training.count - training.count / 6
      return try DataSplit(training: training[0..<cut], test: training[cut..<training.count])
    }
    let test = try idxPart(testImages, testLabels, classes: training.classes)
    return try DataSplit(training: training, test: test)
  }

  private static func idxPart(_ images: String, _ labels: String, classes: Int?) throws -> LabeledData {
    let pixels = try IDXReader(ByteSource(path: images))
    let answers = try IDXReader(ByteSource(path: labels))
    guard pixels.element == .uint8, pixels.shape.count >= 2 else {
      throw FederatedError(.data, images, "must hold images of unsigned bytes")
    }
    guard answers.element == .uint8, answers.shape.count == 1 else {
      throw FederatedError(.data, labels, "must hold one unsigned byte a label")
    }
    guard answers.shape[0] == pixels.shape[0] else {
      throw FederatedError(
        .data, labels, "holds \(answers.shape[0]) labels for \(pixels.shape[0]) images in \(images)")
    }
    let width = pixels.itemSize
    // One correctly rounded quotient for each byte value.
    let shade = (0..<256).map { Float($0) / 255 }
    let features = try pixels.readBytes().map { shade[Int($0)] }
    let classesOf = try answers.readBytes().map { UInt16($0) }
    let count = classes ?? Int(classesOf.max() ?? 0) + 1
    return try LabeledData(features: features, labels: classesOf, width: width, classes: max(2, count))
  }
}
