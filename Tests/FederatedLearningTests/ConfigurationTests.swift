import ExactMath
import FederatedLearning
import Foundation
import Testing

@Suite struct ConfigurationTests {
  static func decode(_ text: String) throws -> SimulationConfiguration {
    do {
      return try JSONDecoder().decode(SimulationConfiguration.self, from: Data(text.utf8))
    } catch let error as DecodingError {
      if case .dataCorrupted(let context) = error, let cause = context.underlyingError as? FederatedError {
        throw cause
      }
      throw error
    }
  }

  static func document(_ more: String) -> String {
    #"{"data":"digits","model":{"kind":"softmax"},"rounds":2\#(more.isEmpty ? "" : ",")\#(more)}"#
  }

  /// The message of the refusal, whether it comes from reading or from checking.
  static func refusal(_ more: String) -> String {
    do {
      _ = try SimulationPlan(decode(document(more)))
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `every key but three has a default`() throws {
    let configuration = try Self.decode(Self.document(""))
    #expect(configuration.partition.clients == 100)
    #expect(configuration.client == ClientOptions(epochs: 1, batchSize: 10, learningRate: 0.1))
    #expect(Self.refusal("") == "accepted")
    for missing in ["data", "model", "rounds"] {
      let all = ["data": #""digits""#, "model": #"{"kind":"softmax"}"#, "rounds": "2"]
      let text = all.filter { $0.key != missing }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
      do {
        _ = try Self.decode("{\(text)}")
        Issue.record("accepted without \(missing)")
      } catch {
        #expect("\(error)" == "\(missing): is required")
      }
    }
  }

  @Test func `a misspelt key is named with the key that was meant`() {
    #expect(Self.refusal(#""cohorts":{"sampling":"all"}"#) == "cohorts: is not a known key; did you mean cohort?")
    #expect(
      Self.refusal(#""client":{"epoch":3}"#) == "client.epoch: is not a known key; did you mean epochs?")
    #expect(
      Self.refusal(#""algorithm":{"kind":"fedavgn"}"#)
        == "algorithm.kind: has no kind \"fedavgn\"; did you mean fedavg?")
  }

  @Test func `an option of another kind is refused`() {
    #expect(
      Self.refusal(#""partition":{"kind":"iid","alpha":0.5}"#) == "partition.alpha: does not belong to kind iid")
    #expect(Self.refusal(#""cohort":{"sampling":"all","size":3}"#) == "cohort.size: does not belong to sampling all")
    #expect(
      Self.refusal(#""aggregation":{"kind":"plain","key_bits":2048}"#)
        == "aggregation.key_bits: does not belong to kind plain")
  }

  @Test(arguments: [
    #""dropout":1"#, #""dropout":-0.1"#, #""client":{"learning_rate":0}"#, #""client":{"epochs":0}"#,
    #""cohort":{"sampling":"fixed","size":101}"#, #""cohort":{"sampling":"poisson","rate":"3/2"}"#,
    #""partition":{"kind":"iid","clients":5000}"#, #""quantize":{"bits":40}"#, #""evaluation":{"every":0}"#,
    #""weighting":"size""#, #""privacy":{"clip":1,"delta":"1e-5"}"#,
    #""privacy":{"clip":1,"delta":"1e-5","epsilon":1,"noise_multiplier":1}"#,
    #""privacy":{"clip":0,"delta":"1e-5","epsilon":1}"#, #""privacy":{"clip":1,"delta":1,"epsilon":1}"#,
    #""privacy":{"clip":1,"delta":"1e-5","epsilon":1,"unit":"row"}"#,
    #""privacy":{"clip":1,"delta":"1e-5","epsilon":1},"weighting":"examples""#,
    #""privacy":{"clip":1,"delta":"1e-5","epsilon":1},"quantize":{"bits":8,"range":2}"#,
    #""privacy":{"clip":1,"delta":"1e-5","epsilon":1},"cohort":{"sampling":"with-replacement","size":5}"#,
    #""privacy":{"clip":1,"delta":"1e-5","epsilon":1,"placement":"distributed"},"cohort":{"sampling":"poisson","rate":0.1}"#,
    #""robust":{"kind":"krum"}"#,
  ])
  func `a value that means nothing is refused by its key`(_ more: String) {
    let message = Self.refusal(more)
    #expect(message != "accepted" && message.contains(": ") && !message.contains("\n"))
  }

  @Test func `a data set that does not exist is named with those that do`() throws {
    for (name, hint) in [("digit", "did you mean digits?"), ("idx:images", "IMAGES,LABELS")] {
      let configuration = SimulationConfiguration(data: name, model: ModelOptions(), rounds: 1)
      do {
        _ = try SimulationPlan(configuration)
        Issue.record("accepted")
      } catch {
        #expect("\(error)".hasPrefix("data: ") && "\(error)".contains(hint))
      }
    }
  }

  @Test func `writing and reading a configuration gives it back`() throws {
    for configuration in [
      SimulationConfiguration.digitsDemonstration(epsilon: 8, encrypted: true),
      .digitsDemonstration(epsilon: nil, seed: 7), SimulationTests.small(),
    ] {
      let text = try JSONEncoder().encode(configuration)
      let back = try JSONDecoder().decode(SimulationConfiguration.self, from: text)
      #expect(back == configuration)
    }
  }

  @Test func `numbers are exact: a tenth is a tenth`() throws {
    let text = Self.document(#""privacy":{"clip":0.1,"delta":1e-5,"noise_multiplier":"5/3"}"#)
    let privacy = try #require(Self.decode(text).privacy)
    #expect(privacy.clip?.value.description == "1/10")
    #expect(privacy.noiseMultiplier?.value.description == "5/3")
    #expect(privacy.delta?.value.description == "1/100000")
  }
}
