extension ModelFile {
  /// Reads parameters from a safetensors file or a numpy archive, told apart by their first bytes.
  ///
  /// - Throws: ``FederatedError`` when the file is neither or does not fit the model.
  public static func parameters(file: [UInt8], of model: any FederatedModel) throws(FederatedError) -> [Float] {
    if file.starts(with: [0x50, 0x4b]) { return try parameters(npz: file, of: model) }
    return try parameters(safetensors: file, of: model)
  }

  /// Reads an archive of numpy's `savez` with one array for each part of the model, named as in its layout.
  ///
  /// Arrays are little-endian single precision in C order, and not compressed.
  ///
  /// - Throws: ``FederatedError`` when an array is missing, damaged, or has another type or shape.
  public static func parameters(npz file: [UInt8], of model: any FederatedModel) throws(FederatedError) -> [Float] {
    let entries = try directory(file)
    var parameters: [Float] = []
    for part in model.layout {
      guard let entry = entries["\(part.name).npy"] else { throw corrupt("has no array \(part.name)") }
      parameters += try array(entry, part)
    }
    guard parameters.allSatisfy({ $0.isFinite }) else { throw corrupt("holds a number that is not finite") }
    return parameters
  }

  private static func corrupt(_ message: String) -> FederatedError { FederatedError(.checkpoint, "model", message) }

  private static func number(_ file: [UInt8], _ at: Int, _ bytes: Int) -> Int {
    (0..<bytes).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) }
  }

  /// The members of a zip archive by name, from its central directory.
  private static func directory(_ file: [UInt8]) throws(FederatedError) -> [String: ArraySlice<UInt8>] {
    // The end record is the last 22 bytes or stands before a comment.
    let ends = stride(from: file.count - 22, through: max(0, file.count - 22 - 0xffff), by: -1)
    guard let end = ends.first(where: { $0 >= 0 && number(file, $0, 4) == 0x0605_4b50 }) else {
      throw corrupt("is no numpy archive")
    }
    var entries: [String: ArraySlice<UInt8>] = [:]
    var at = number(file, end + 16, 4)
    for _ in 0..<number(file, end + 10, 2) {
      guard at + 46 <= end, number(file, at, 4) == 0x0201_4b50 else { throw corrupt("is a damaged archive") }
      let (method, crc, size) = (number(file, at + 10, 2), number(file, at + 16, 4), number(file, at + 20, 4))
      let names = number(file, at + 28, 2)
      let local = number(file, at + 42, 4)
      guard at + 46 + names <= end else { throw corrupt("is a damaged archive") }
      let name = String(decoding: file[at + 46..<at + 46 + names], as: UTF8.self)
      at += 46 + names + number(file, at + 30, 2) + number(file, at + 32, 2)
      guard method == 0 else { throw corrupt("is a compressed archive; numpy.savez writes one that is not") }
      guard local + 30 <= end, number(file, local, 4) == 0x0403_4b50 else { throw corrupt("is a damaged archive") }
      let start = local + 30 + number(file, local + 26, 2) + number(file, local + 28, 2)
      guard start + size <= end, Int(checksum(file[start..<start + size])) == crc else {
        throw corrupt("is a damaged archive")
      }
      entries[name] = file[start..<start + size]
    }
    return entries
  }

  /// The numbers of an array in numpy's format, versions 1 to 3.
  private static func array(_ bytes: ArraySlice<UInt8>, _ part: ModelPart) throws(FederatedError) -> [Float] {
    let file = Array(bytes)
    guard file.count >= 12, file.starts(with: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]) else {
      throw corrupt("array \(part.name) is not in numpy's format")
    }
    let width = file[6] == 1 ? 2 : 4
    let start = 8 + width + number(file, 8, width)
    guard start <= file.count else { throw corrupt("array \(part.name) is cut short") }
    let header = String(decoding: file[8 + width..<start], as: UTF8.self).filter { $0 != " " }
    let shape = part.shape.map { "\($0)," }.joined()
    // A tuple of several ends without a comma, of one with it.
    let tuple = part.shape.count == 1 ? shape : String(shape.dropLast())
    guard header.contains("'descr':'<f4'"), header.contains("'fortran_order':False"),
      header.contains("'shape':(\(tuple))") || header.contains("'shape':(\(shape))")
    else { throw corrupt("array \(part.name) is not <f4 of shape \(part.shape) in C order") }
    guard file.count - start == 4 * part.count else { throw corrupt("array \(part.name) is cut short") }
    return floats(file[start...])
  }
}
