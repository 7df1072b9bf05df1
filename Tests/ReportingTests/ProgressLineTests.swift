import Reporting
import Synchronization
import Testing

@Suite struct ProgressLineTests {
  /// What a progress line wrote, with a clock set by hand.
  final class Recorder: Sendable {
    let text = Mutex("")
    let now = Mutex(0.0)

    func line(
      total: Int, unit: String = "", terminal: Bool, redirected: ProgressLine.WhenRedirected = .silent, width: Int = 60,
      after patience: Double = 0
    ) -> ProgressLine {
      ProgressLine(
        "training", total: total, unit: unit, whenRedirected: redirected, after: patience,
        style: TerminalStyle(decorated: true, unicode: true, width: width), isTerminal: terminal,
        seconds: { self.now.withLock { $0 } }, write: { words in self.text.withLock { $0 += words } })
    }

    func at(_ seconds: Double) { now.withLock { $0 = seconds } }
    var written: String { text.withLock { $0 } }
  }

  @Test func `a terminal shows count, estimate and note on one redrawn line`() {
    let recorder = Recorder()
    let line = recorder.line(total: 40, terminal: true, width: 100)
    recorder.at(10)
    line.update(10, note: "loss 0.31")
    #expect(recorder.written.hasPrefix("\r"))
    #expect(recorder.written.contains("10/40, 30.0 s left  loss 0.31"))
    #expect(!recorder.written.contains("\n"))
    for (total, shown) in [(400, "120/400 MiB, 23.0 s left"), (0, "training 120 MiB")] {
      let recorder = Recorder()
      let line = recorder.line(total: total, unit: "MiB", terminal: true, width: 100)
      recorder.at(10)
      line.update(120)
      #expect(recorder.written.contains(shown))
    }
    line.finish("accuracy 0.94")
    #expect(recorder.written.hasSuffix("training: done in 10.0 s, accuracy 0.94\u{1B}[K\n"))
  }

  @Test func `what ends within its patience is not mentioned, what lasts longer is`() {
    for (end, isShown) in [(1.9, false), (2.0, true), (9.0, true)] {
      let recorder = Recorder()
      let line = recorder.line(total: 40, terminal: true, after: 2)
      recorder.at(end / 2)
      line.update(20)
      #expect(recorder.written.isEmpty == (end / 2 < 2))
      recorder.at(end)
      line.update(40)
      line.finish()
      #expect(recorder.written.isEmpty != isShown)
      #expect(recorder.written.contains("done in") == isShown)
    }
  }

  @Test func `work of unknown length keeps its result and its error`() {
    struct Failure: Error, Equatable {}
    #expect(ProgressLine.during("working") { 7 } == 7)
    #expect(throws: Failure()) { try ProgressLine.during("working") { throw Failure() } }
  }

  @Test func `a terminal is redrawn at most ten times a second`() {
    let recorder = Recorder()
    let line = recorder.line(total: 1000, terminal: true)
    for step in 1...1000 {
      recorder.at(Double(step) * 0.001)
      line.update(step)
    }
    #expect(recorder.written.split(separator: "\r").count <= 11)
  }

  @Test func `no line is wider than the terminal`() {
    let recorder = Recorder()
    let line = recorder.line(total: 40, terminal: true, width: 30)
    recorder.at(5)
    line.update(3, note: String(repeating: "long ", count: 30))
    #expect(recorder.written.contains("…"))
    #expect(recorder.written.count <= 30 + "\r\u{1B}[K".count)
  }

  @Test func `redirected output is silent unless asked for`() {
    let recorder = Recorder()
    let line = recorder.line(total: 4, terminal: false)
    line.update(2)
    line.finish("x")
    #expect(recorder.written.isEmpty)
  }

  @Test func `redirected lines are plain and keep their pace`() {
    let recorder = Recorder()
    let line = recorder.line(total: 100, terminal: false, redirected: .lines(everySeconds: 5))
    for step in 0...20 {
      recorder.at(Double(step))
      line.update(step, note: "loss 1")
    }
    line.finish("loss 0.5")
    let lines = recorder.written.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines[1] == "training: 5/100 after 5.00 s, loss 1")
    #expect(lines[5] == "training: done in 20.0 s, loss 0.5")
    #expect(!recorder.written.contains("\u{1B}"))
  }

  @Test func `nothing follows the end`() {
    let recorder = Recorder()
    let line = recorder.line(total: 4, terminal: true)
    line.finish()
    let before = recorder.written
    recorder.at(9)
    line.update(3)
    line.finish()
    #expect(recorder.written == before)
  }
}
