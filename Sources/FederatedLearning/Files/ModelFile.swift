import Foundation

/// Trained parameters as files that other tools read.
public enum ModelFile {
  /// The safetensors format: the length of a JSON header, the header, little-endian numbers.
  ///
  /// Tensors are named as in the model's layout.
  ///
  /// - Precondition: one number for each parameter of the model.
  public static func safetensors(_ parameters: [Float], of model: any FederatedModel) -> [UInt8] {
    precondition(parameters.count == model.parameterCount, "one number for every parameter")
    var entries: [String] = []
    var offset = 0
    for tensor in model.layout {
      let end = offset + 4 * tensor.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append("\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var file = little(UInt64(header.count))
    file += header
    file += bytes(parameters)
    return file
  }

  /// Reads what ``safetensors(_:of:)`` writes; tensors may come in any order.
  ///
  /// - Throws: ``FederatedError`` when a tensor is missing, has another shape or type, or lies outside the file.
  public static func parameters(
    safetensors file: [UInt8], of model: any FederatedModel
  ) throws(FederatedError) -> [Float] {
    func corrupt(_ message: String) -> FederatedError { FederatedError(.checkpoint, "model", message) }
    guard file.count >= 8 else { throw corrupt("is no safetensors file") }
    var length: UInt64 = 0
    for place in 0..<8 { length |= UInt64(file[place]) << UInt64(8 * place) }
    guard length <= 1 << 24, length <= UInt64(file.count - 8) else { throw corrupt("is no safetensors file") }
    let start = 8 + Int(length)
    let object = try? JSONSerialization.jsonObject(with: Data(file[8..<start])) as? [String: Any]
    guard let header = object else { throw corrupt("has a header that is not a JSON object") }
    var parameters: [Float] = []
    for tensor in model.layout {
      guard let entry = header[tensor.name] as? [String: Any] else { throw corrupt("has no tensor \(tensor.name)") }
      guard entry["dtype"] as? String == "F32", entry["shape"] as? [Int] == tensor.shape else {
        throw corrupt("tensor \(tensor.name) is not F32 of shape \(tensor.shape)")
      }
      guard let range = entry["data_offsets"] as? [Int], range.count == 2, range[0] >= 0,
        range[1] - range[0] == 4 * tensor.count, range[1] <= file.count - start
      else { throw corrupt("tensor \(tensor.name) lies outside the file") }
      parameters += floats(file[(start + range[0])..<(start + range[1])])
    }
    guard parameters.allSatisfy({ $0.isFinite }) else { throw corrupt("holds a number that is not finite") }
    return parameters
  }

  /// The format of numpy's `savez`: a zip archive of arrays, not compressed.
  ///
  /// - Precondition: one number for each parameter of the model.
  public static func npz(_ parameters: [Float], of model: any FederatedModel) -> [UInt8] {
    precondition(parameters.count == model.parameterCount, "one number for every parameter")
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    var offset = 0
    for tensor in model.layout {
      let shape = tensor.shape.map { "\($0)," }.joined(separator: " ")
      var header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }".utf8)
      while (header.count + 11) % 64 != 0 { header.append(UInt8(ascii: " ")) }
      header.append(10)
      var array: [UInt8] = [0x93]
      array += Array("NUMPY".utf8)
      array += [1, 0]
      array += little(UInt16(header.count))
      array += header
      array += bytes(Array(parameters[offset..<offset + tensor.count]))
      offset += tensor.count
      let name = Array("\(tensor.name).npy".utf8)
      let size = UInt32(array.count)
      // Version 2.0, no flags, stored, 1 January 1980.
      var common = [UInt16(20), 0, 0, 0, 0x21].flatMap { little($0) }
      common += [checksum(array), size, size].flatMap { little($0) }
      common += [UInt16(name.count), 0].flatMap { little($0) }
      directory += little(UInt32(0x0201_4b50))
      directory += little(UInt16(20))
      directory += common
      directory += [UInt8](repeating: 0, count: 10)
      directory += little(UInt32(archive.count))
      directory += name
      archive += little(UInt32(0x0403_4b50))
      archive += common
      archive += name
      archive += array
    }
    let count = UInt16(model.layout.count)
    var end = little(UInt32(0x0605_4b50))
    end += [0, 0, count, count].flatMap { little($0) }
    end += [UInt32(directory.count), UInt32(archive.count)].flatMap { little($0) }
    end += little(UInt16(0))
    return archive + directory + end
  }

  /// Little-endian bytes of numbers.
  static func bytes(_ values: [Float]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * values.count)
    for value in values {
      let word = value.bitPattern
      for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return bytes
  }

  /// Numbers from little-endian bytes.
  static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
    stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { at in
      var word: UInt32 = 0
      for place in 0..<4 { word |= UInt32(bytes[at + place]) << UInt32(8 * place) }
      return Float(bitPattern: word)
    }
  }

  static func little(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// CRC-32 as in ISO 3309, which zip archives carry.
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var table = [UInt32](repeating: 0, count: 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xedb8_8320 : value >> 1 }
      table[byte] = value
    }
    var sum = ~UInt32(0)
    for byte in bytes { sum = (sum >> 8) ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
    return ~sum
  }
}
