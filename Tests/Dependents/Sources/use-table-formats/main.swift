import TableFormats

let source = try ByteSource(Array("city,amount\nOslo,10\nBergen,20\n".utf8), name: "visits")
let reader = try CSVReader(source, columns: ["amount"])
print("a table with the column \(reader.columns[0])")
