import Reporting

var table = Table(columns: [.text("city"), .number("visits")])
table.add(["Oslo", NumberText.grouped(12_345)])
var report = Report(title: "Visits")
report.table(table)
print("a report of \(report.html().utf8.count) bytes")
