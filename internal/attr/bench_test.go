package attr

import (
	"runtime"
	"testing"

	"github.com/levee-io/levee/internal/jsontok"
)

// benchText is an item of 256 bytes as the service counts, of the usual kinds.
const benchText = `{"chat":{"S":"company-17#chat-000192345"},"seq":{"N":"1700000000123"},"id":{"S":"0191f8a2-7c1e-7b5a-9d3f-3c8f5a2b1e4d"},` +
	`"author":{"S":"member-88213"},"text":{"S":"The surge begins at nine; please have your consumers ready, and tell me when the queue is all drained, please."},` +
	`"unread":{"N":"42"},"read":{"BOOL":false},"tags":{"SS":["campaign","segment-7"]},"sent":{"N":"1700000000.125"}}`

func benchItem(tb testing.TB) Map {
	tb.Helper()
	m, d := readMap(benchText)
	if d.Err() != nil || d.Noted() != nil {
		tb.Fatal(d.Err(), d.Noted())
	}
	return m
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkReadMap(b *testing.B) {
	text := []byte(benchText)
	var d jsontok.Decoder
	b.ReportAllocs()
	for b.Loop() {
		d.Reset(text)
		ReadMap(&d)
		if d.End() != nil {
			b.Fatal(d.Err())
		}
	}
}

func BenchmarkMapAppendJSON(b *testing.B) {
	m := benchItem(b)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = m.AppendJSON(dst[:0])
	}
}

func BenchmarkAppendMap(b *testing.B) {
	m := benchItem(b)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendMap(dst[:0], m)
	}
	b.ReportMetric(float64(len(dst)), "encoded-bytes")
	b.ReportMetric(float64(m.Size()), "item-bytes")
}

func BenchmarkDecodeMap(b *testing.B) {
	enc := AppendMap(nil, benchItem(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeMap(enc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkItemAppendJSON(b *testing.B) {
	it := EncodedItem(AppendMap(nil, benchItem(b)))
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = it.AppendJSON(dst[:0])
	}
}

func BenchmarkSizeEncoded(b *testing.B) {
	enc := AppendMap(nil, benchItem(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SizeEncoded(enc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookupEncoded(b *testing.B) {
	enc := AppendMap(nil, benchItem(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, _ := LookupEncoded(enc, "seq"); !ok {
			b.Fatal("missing")
		}
	}
}

func BenchmarkNumber(b *testing.B) {
	for name, texts := range map[string][2]string{
		"integer": {"1700000000123", "1"}, "decimal": {"1700000000.125", "0.5"}, "wide": {"3.1415926535897932384626433832795028841", "1e5"},
	} {
		x, y := number(b, texts[0]), number(b, texts[1])
		b.Run("Parse/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ParseNumber(texts[0])
			}
		})
		b.Run("Add/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = x.Add(y)
			}
		})
		b.Run("Cmp/"+name, func(b *testing.B) {
			for b.Loop() {
				x.Cmp(y)
			}
		})
		b.Run("AppendKey/"+name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = AppendKey(dst[:0], N(x))
			}
		})
	}
}
