/// What a convolutional network does with images between its dense layers; channels of a place lie side by side.
enum Images {
  /// The 5×5 surroundings of every place of the image that begins at `start`, zero outside, as row `row` of a batch.
  static func patches(
    of images: [Float], at start: Int, side: Int, channels: Int, row: Int, into patches: inout [Float]
  ) {
    let image = images.span.extracting(start..<start + side * side * channels)
    let kernel = ConvolutionalNetwork.kernel
    let reach = kernel / 2
    let width = kernel * kernel * channels
    var target = patches.mutableSpan
    var at = row * side * side * width
    for y in 0..<side {
      for x in 0..<side {
        for dy in -reach...reach {
          let line = y + dy
          let first = max(0, reach - x)
          let last = min(kernel, side + reach - x)
          guard line >= 0, line < side else {
            for place in at..<at + kernel * channels { target[place] = 0 }
            at += kernel * channels
            continue
          }
          for place in at..<at + first * channels { target[place] = 0 }
          let source = (line * side + x - reach + first) * channels
          for place in 0..<(last - first) * channels { target[at + first * channels + place] = image[source + place] }
          for place in at + last * channels..<at + kernel * channels { target[place] = 0 }
          at += kernel * channels
        }
      }
    }
  }

  /// Adds the errors of patches up at the places they were taken from.
  static func add(patches: [Float], side: Int, channels: Int, rows: Int, into error: inout [Float]) {
    let kernel = ConvolutionalNetwork.kernel
    let reach = kernel / 2
    let source = patches.span
    var target = error.mutableSpan
    for place in 0..<rows * side * side * channels { target[place] = 0 }
    var at = 0
    for row in 0..<rows {
      for y in 0..<side {
        for x in 0..<side {
          for dy in -reach...reach {
            let line = y + dy
            defer { at += kernel * channels }
            guard line >= 0, line < side else { continue }
            let first = max(0, reach - x)
            let last = min(kernel, side + reach - x)
            let base = ((row * side + line) * side + x - reach + first) * channels
            for place in 0..<(last - first) * channels {
              target[base + place] += source[at + first * channels + place]
            }
          }
        }
      }
    }
  }

  /// The largest of every 2×2 places, and which of the four it was, the first of equal ones.
  static func pool(
    _ input: [Float], side: Int, channels: Int, rows: Int, into pooled: inout [Float], largest: inout [UInt8]
  ) {
    let source = input.span
    var values = pooled.mutableSpan
    var choices = largest.mutableSpan
    var at = 0
    for line in 0..<rows * side / 2 {
      for x in 0..<side / 2 {
        let base = (2 * line * side + 2 * x) * channels
        let below = base + side * channels
        for channel in 0..<channels {
          var best = source[base + channel]
          var choice: UInt8 = 0
          if source[base + channels + channel] > best { (best, choice) = (source[base + channels + channel], 1) }
          if source[below + channel] > best { (best, choice) = (source[below + channel], 2) }
          if source[below + channels + channel] > best { (best, choice) = (source[below + channels + channel], 3) }
          values[at] = best
          choices[at] = choice
          at += 1
        }
      }
    }
  }

  /// Sends the error of every pooled place to the input that was largest.
  static func unpool(
    _ pooled: [Float], _ largest: [UInt8], side: Int, channels: Int, rows: Int, into error: inout [Float]
  ) {
    let (source, choices) = (pooled.span, largest.span)
    var target = error.mutableSpan
    for place in 0..<rows * side * side * channels { target[place] = 0 }
    var at = 0
    for line in 0..<rows * side / 2 {
      for x in 0..<side / 2 {
        let base = (2 * line * side + 2 * x) * channels
        for channel in 0..<channels {
          let choice = Int(choices[at])
          target[base + (choice >> 1) * side * channels + (choice & 1) * channels + channel] = source[at]
          at += 1
        }
      }
    }
  }
}
