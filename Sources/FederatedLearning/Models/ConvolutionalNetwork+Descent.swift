private import CKernels

extension ConvolutionalNetwork {
  /// One fused step of gradient descent; see ``FederatedModel/descend(_:on:examples:rate:scratch:)``.
  public func descend(
    _ parameters: inout [Float], on data: LabeledData, examples: ArraySlice<Int32>, rate: Float, scratch: inout Scratch
  ) -> Double {
    precondition(parameters.count == parameterCount && !examples.isEmpty, "one number for every parameter")
    let scale = -rate / Float(examples.count)
    let isCut = examples.count > scratch.batch
    if isCut {
      scratch.frozen.removeAll(keepingCapacity: true)
      scratch.frozen.append(contentsOf: parameters)
    }
    var loss = 0.0
    var start = examples.startIndex
    while start < examples.endIndex {
      let end = min(examples.endIndex, start + scratch.batch)
      gather(data, examples[start..<end].lazy.map { Int($0) }, &scratch)
      if isCut {
        var frozen: [Float] = []
        swap(&frozen, &scratch.frozen)
        loss += pass(frozen, &parameters, rows: end - start, scale: scale, &scratch)
        swap(&frozen, &scratch.frozen)
      } else {
        loss += pass(nil, &parameters, rows: end - start, scale: scale, &scratch)
      }
      start = end
    }
    return loss
  }

  /// Loss and answers; see ``FederatedModel/evaluate(_:on:range:scratch:answers:)``.
  public func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, scratch: inout Scratch, answers: inout [Float]
  ) -> Double {
    var loss = 0.0
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, start + scratch.batch)
      let rows = end - start
      gather(data, start..<end, &scratch)
      unsafe parameters.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe forward(base, rows, &scratch)
      }
      Network.answers(scratch.logits, rows, classes, &answers)
      loss += softmax(rows, 1, &scratch)
      start = end
    }
    return loss
  }

  /// Copies images as patches of the first convolution.
  private func gather(_ data: LabeledData, _ examples: some Collection<Int>, _ scratch: inout Scratch) {
    precondition(data.width == side * side && data.classes <= classes, "the data fit the network")
    let count = data.count
    for (row, example) in examples.enumerated() {
      precondition(example >= 0 && example < count, "an example lies in the data")
      scratch.labels[row] = data.labels[example]
      Images.patches(
        of: data.features, at: example * data.width, side: side, channels: 1, row: row, into: &scratch.patches[0])
    }
  }

  private func softmax(_ rows: Int, _ scale: Float, _ scratch: inout Scratch) -> Double {
    unsafe scratch.logits.withUnsafeMutableBufferPointer { logits in
      unsafe scratch.labels.withUnsafeBufferPointer { labels in
        unsafe tacit_softmax_error(logits.baseAddress, labels.baseAddress, rows, classes, scale)
      }
    }
  }

  /// A forward and a backward pass of a part of a batch.
  ///
  /// - Parameter frozen: the model at which the gradient is taken; nil takes it at `parameters`.
  private func pass(
    _ frozen: [Float]?, _ parameters: inout [Float], rows: Int, scale: Float, _ scratch: inout Scratch
  ) -> Double {
    unsafe parameters.withUnsafeMutableBufferPointer { buffer in
      guard let target = buffer.baseAddress else { return 0 }
      func run(_ source: UnsafePointer<Float>) -> Double {
        unsafe forward(source, rows, &scratch)
        let loss = softmax(rows, scale, &scratch)
        unsafe backward(source, target, rows, &scratch)
        return loss
      }
      guard let frozen else { return unsafe run(UnsafePointer(target)) }
      return unsafe frozen.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress else { return 0 }
        return unsafe run(source)
      }
    }
  }

  private func forward(_ weights: UnsafePointer<Float>, _ rows: Int, _ scratch: inout Scratch) {
    let (layers, offsets) = (layers, offsets)
    func dense(_ layer: Int, _ input: [Float], _ output: inout [Float], _ rows: Int) {
      let (k, n) = layers[layer]
      let start = unsafe weights + offsets[layer]
      unsafe input.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe tacit_dense_forward(
            input.baseAddress, start, start + k * n, output.baseAddress, rows, k, n, layer < 3 ? 1 : 0, 0)
        }
      }
    }
    var size = side
    for layer in 0..<2 {
      dense(layer, scratch.patches[layer], &scratch.outputs[layer], rows * size * size)
      Images.pool(
        scratch.outputs[layer], side: size, channels: channels[layer], rows: rows, into: &scratch.pooled[layer],
        largest: &scratch.largest[layer])
      size /= 2
      guard layer == 0 else { continue }
      let image = size * size * channels[0]
      for row in 0..<rows {
        Images.patches(
          of: scratch.pooled[0], at: row * image, side: size, channels: channels[0], row: row,
          into: &scratch.patches[1])
      }
    }
    dense(2, scratch.pooled[1], &scratch.hidden, rows)
    dense(3, scratch.hidden, &scratch.logits, rows)
  }

  /// Errors from the output back, and each layer's fused step once its weights are no longer read.
  private func backward(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ rows: Int, _ scratch: inout Scratch
  ) {
    let (layers, offsets) = (layers, offsets)
    func back(_ layer: Int, _ error: [Float], _ input: [Float], _ inner: inout [Float], _ rows: Int) {
      let (k, n) = layers[layer]
      unsafe error.withUnsafeBufferPointer { error in
        unsafe input.withUnsafeBufferPointer { input in
          unsafe inner.withUnsafeMutableBufferPointer { inner in
            unsafe tacit_dense_backward(
              error.baseAddress, source + offsets[layer], input.baseAddress, inner.baseAddress, rows, k, n, 0)
          }
        }
      }
    }
    func step(_ layer: Int, _ error: [Float], _ input: [Float], _ rows: Int) {
      let (k, n) = layers[layer]
      let start = unsafe target + offsets[layer]
      unsafe error.withUnsafeBufferPointer { error in
        unsafe input.withUnsafeBufferPointer { input in
          unsafe tacit_dense_update(start, input.baseAddress, error.baseAddress, rows, k, n, 0)
        }
        unsafe tacit_bias_update(start + k * n, error.baseAddress, rows, n)
      }
    }
    back(3, scratch.logits, scratch.hidden, &scratch.hiddenError, rows)
    step(3, scratch.logits, scratch.hidden, rows)
    back(2, scratch.hiddenError, scratch.pooled[1], &scratch.pooledErrors[1], rows)
    step(2, scratch.hiddenError, scratch.pooled[1], rows)
    let places = rows * side * side / 4
    Images.unpool(
      scratch.pooledErrors[1], scratch.largest[1], side: side / 2, channels: channels[1], rows: rows,
      into: &scratch.outputErrors[1])
    back(1, scratch.outputErrors[1], scratch.patches[1], &scratch.patchError, places)
    step(1, scratch.outputErrors[1], scratch.patches[1], places)
    Images.add(
      patches: scratch.patchError, side: side / 2, channels: channels[0], rows: rows, into: &scratch.pooledErrors[0])
    Images.unpool(
      scratch.pooledErrors[0], scratch.largest[0], side: side, channels: channels[0], rows: rows,
      into: &scratch.outputErrors[0])
    step(0, scratch.outputErrors[0], scratch.patches[0], places * 4)
  }
}
