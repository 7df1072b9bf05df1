import PrivacyAuditing
import Testing

@Suite struct CertificateTests {
  /// A reduced certificate: the draws are fixed by the seed, so the outcome is the same on every run.
  @Test(arguments: CertifiedAuditor.all.map(\.name))
  func `false alarms are as rare as claimed`(name: String) throws {
    let auditor = try #require(CertifiedAuditor.all.first { $0.name == name })
    let certificate = try CalibrationCertificate([auditor], samples: 500, runs: 10)
    #expect(certificate.rows.count >= 12)
    #expect(certificate.passes)
    // No auditor passes by never finding anything.
    #expect(certificate.rows.contains { $0.meanBound > 0.2 })
  }

  @Test func `a certificate is the same again`() throws {
    let auditor = CertifiedAuditor.mechanism("fixed", .fixed(.atLeast(1)))
    let once = try CalibrationCertificate([auditor], samples: 50, runs: 5, seed: 3)
    let again = try CalibrationCertificate([auditor], samples: 50, runs: 5, seed: 3)
    #expect(once.rows.map(\.meanBound) == again.rows.map(\.meanBound))
  }
}
