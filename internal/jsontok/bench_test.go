package jsontok

import (
	"encoding/json"
	"testing"
)

var request = []byte(`{"TableName":"messages","Item":{"chat":{"S":"c-0001923"},"seq":{"N":"1700000000123"},` +
	`"author":{"S":"u-88213"},"text":{"S":"The surge begins at nine; please have the consumers ready by then."},` +
	`"tags":{"SS":["campaign","segment-7"]},"read":{"BOOL":false}},"ReturnConsumedCapacity":"TOTAL"}`)

func BenchmarkSkip(b *testing.B) {
	var d Decoder
	b.SetBytes(int64(len(request)))
	b.ReportAllocs()
	for b.Loop() {
		d.Reset(request)
		if d.Skip(); d.End() != nil {
			b.Fatal(d.Err())
		}
	}
}

func BenchmarkEncodingJSONValid(b *testing.B) {
	b.SetBytes(int64(len(request)))
	for b.Loop() {
		json.Valid(request)
	}
}

func BenchmarkAppendString(b *testing.B) {
	s := string(request)
	dst := make([]byte, 0, 2*len(s))
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		dst = AppendString(dst[:0], s)
	}
}
