// Package parquet writes flat tables as Parquet files, which are read by whatever
// reads Parquet:
//
//	w, err := parquet.NewWriter(file, []parquet.Column{{Name: "id", Type: parquet.String}, {Name: "n", Type: parquet.Int64, Optional: true}})
//	err = w.Write("a", int64(1))
//	err = w.Write("b", nil)
//	err = w.Close()
//
// A file is written from its beginning to its end, with at most a row group of rows in
// memory. It has data pages of version 1, whose values are plain and which are
// compressed with Zstandard, one row group for every 32 MiB, no dictionaries and no
// statistics.
//
// The format: https://parquet.apache.org/docs/file-format/. Its metadata is in the
// compact protocol of Thrift (thrift.go).
package parquet
