private import CKernels

extension Network {
  /// One fused step of gradient descent; see ``FederatedModel/descend(_:on:examples:rate:scratch:)``.
  public func descend(
    _ parameters: inout [Float], on data: LabeledData, examples: ArraySlice<Int32>, rate: Float, scratch: inout Scratch
  ) -> Double {
    let rows = examples.count
    gather(data, examples, &scratch)
    let isMarked = rows <= Marks.mostRows && !scratch.marks.isEmpty
    forward(parameters, rows, &scratch, isMarked: isMarked)
    let outputs = widths[depth]
    let scale = -rate / Float(rows)
    let loss = unsafe scratch.activations[depth].withUnsafeMutableBufferPointer { logits in
      unsafe scratch.labels.withUnsafeBufferPointer { labels in
        unsafe tacit_softmax_error(logits.baseAddress, labels.baseAddress, rows, outputs, scale)
      }
    }
    swap(&scratch.activations[depth], &scratch.errors[depth])
    let portable: Int32 = usesPortableKernels ? 1 : 0
    unsafe parameters.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for layer in stride(from: depth - 1, through: 0, by: -1) {
        let (k, n) = (widths[layer], widths[layer + 1])
        let weights = unsafe base + offsets[layer]
        if isMarked {
          unsafe stepBack(weights, layer, rows, &scratch)
          continue
        }
        unsafe scratch.errors[layer + 1].withUnsafeBufferPointer { error in
          unsafe scratch.activations[layer].withUnsafeBufferPointer { input in
            if layer > 0 {
              unsafe scratch.errors[layer].withUnsafeMutableBufferPointer { inner in
                unsafe tacit_dense_backward(
                  error.baseAddress, weights, input.baseAddress, inner.baseAddress, rows, k, n, portable)
              }
            }
            unsafe tacit_dense_update(weights, input.baseAddress, error.baseAddress, rows, k, n, portable)
          }
          unsafe tacit_bias_update(weights + k * n, error.baseAddress, rows, n)
        }
      }
    }
    swap(&scratch.activations[depth], &scratch.errors[depth])
    return loss
  }

  /// Loss and answers on a range of examples; see ``FederatedModel/evaluate(_:on:range:scratch:answers:)``.
  ///
  /// The class with the largest output is the answer, the first of equal ones; a NaN output is never an answer unless
  /// it comes first.
  public func evaluate(
    _ parameters: [Float], on data: LabeledData, range: Range<Int>, scratch: inout Scratch, answers: inout [Float]
  ) -> Double {
    var loss = 0.0
    let outputs = widths[depth]
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, start + scratch.batch)
      let rows = end - start
      gather(data, (Int32(start)..<Int32(end)).map { $0 }[...], &scratch)
      forward(parameters, rows, &scratch, isMarked: false)
      Network.answers(scratch.activations[depth], rows, outputs, &answers)
      loss += unsafe scratch.activations[depth].withUnsafeMutableBufferPointer { logits in
        unsafe scratch.labels.withUnsafeBufferPointer { labels in
          unsafe tacit_softmax_error(logits.baseAddress, labels.baseAddress, rows, outputs, 1)
        }
      }
      start = end
    }
    return loss
  }

  /// The class with the largest of `outputs` numbers, row after row.
  static func answers(_ logits: [Float], _ rows: Int, _ outputs: Int, _ answers: inout [Float]) {
    for row in 0..<rows {
      let base = row * outputs
      var best = 0
      for unit in 1..<outputs where logits[base + unit] > logits[base + best] { best = unit }
      answers.append(Float(best))
    }
  }

  private func gather(_ data: LabeledData, _ examples: ArraySlice<Int32>, _ scratch: inout Scratch) {
    precondition(
      examples.count <= scratch.batch && !examples.isEmpty && data.width == widths[0] && data.classes <= widths[depth],
      "a batch fits the scratch and the data fit the network")
    let width = data.width
    unsafe data.features.withUnsafeBufferPointer { source in
      unsafe scratch.activations[0].withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        var row = 0
        for example in examples {
          precondition(example >= 0 && Int(example) < data.count, "an example lies in the data")
          unsafe (to + row * width).update(from: from + Int(example) * width, count: width)
          row += 1
        }
      }
    }
    var row = 0
    for example in examples {
      scratch.labels[row] = data.labels[Int(example)]
      row += 1
    }
  }

  /// Fills ``Scratch`` with every layer's output for the gathered batch.
  private func forward(_ parameters: [Float], _ rows: Int, _ scratch: inout Scratch, isMarked: Bool) {
    precondition(parameters.count == parameterCount, "one number for every parameter")
    let portable: Int32 = usesPortableKernels ? 1 : 0
    unsafe parameters.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for layer in 0..<depth {
        let (k, n) = (widths[layer], widths[layer + 1])
        let weights = unsafe base + offsets[layer]
        // Two neighbours of one array cannot be borrowed at once; the output is moved out and back.
        var output: [Float] = []
        swap(&output, &scratch.activations[layer + 1])
        let rectified: Int32 = layer < depth - 1 ? 1 : 0
        if isMarked { scratch.marks[layer].find(in: scratch.activations[layer], rows: rows, portable: portable) }
        unsafe scratch.activations[layer].withUnsafeBufferPointer { input in
          unsafe output.withUnsafeMutableBufferPointer { target in
            if isMarked {
              unsafe scratch.marks[layer].list.withUnsafeBufferPointer { list in
                unsafe scratch.marks[layer].count.withUnsafeBufferPointer { count in
                  unsafe tacit_marked_forward(
                    input.baseAddress, weights, weights + k * n, target.baseAddress, rows, k, n, rectified,
                    list.baseAddress, count.baseAddress, portable)
                }
              }
            } else {
              unsafe tacit_dense_forward(
                input.baseAddress, weights, weights + k * n, target.baseAddress, rows, k, n, rectified, portable)
            }
          }
        }
        swap(&output, &scratch.activations[layer + 1])
      }
    }
  }

  /// The error of a marked layer's input, then the fused step of its weights.
  private func stepBack(_ weights: UnsafeMutablePointer<Float>, _ layer: Int, _ rows: Int, _ scratch: inout Scratch) {
    let (k, n) = (widths[layer], widths[layer + 1])
    let portable: Int32 = usesPortableKernels ? 1 : 0
    unsafe scratch.errors[layer + 1].withUnsafeBufferPointer { error in
      unsafe scratch.marks[layer].mask.withUnsafeBufferPointer { mask in
        if layer > 0 {
          unsafe scratch.errors[layer].withUnsafeMutableBufferPointer { inner in
            unsafe tacit_marked_backward(
              error.baseAddress, weights, inner.baseAddress, rows, k, n, mask.baseAddress, portable)
          }
        }
        unsafe scratch.activations[layer].withUnsafeBufferPointer { input in
          unsafe tacit_marked_update(weights, input.baseAddress, error.baseAddress, k, n, mask.baseAddress, portable)
        }
      }
      unsafe tacit_bias_update(weights + k * n, error.baseAddress, rows, n)
    }
  }
}
