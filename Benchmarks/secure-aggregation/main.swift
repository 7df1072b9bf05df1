print("secure aggregation")
