import TableFormats

let bytes = Array("city,amount\nOslo,10\nBergen,20\n".utf8)
let reader = try CSVReader(ByteSource(bytes, name: "visits"), columns: ["amount"])
print("a table with the column \(reader.columns[0])")
