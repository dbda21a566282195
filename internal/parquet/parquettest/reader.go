// Package parquettest reads Parquet files in tests. It is written from the description
// of the format, for what package parquet makes use of:
//
//	rows := parquettest.Rows(t, file)
package parquettest

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Fields are the fields of a struct of Thrift, by their ids.
type Fields map[int]any

type thriftReader struct{ b []byte }

func (r *thriftReader) byte() byte {
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *thriftReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *thriftReader) int() int64 {
	v, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *thriftReader) value(kind byte) any {
	switch kind {
	case 5, 6:
		return r.int()
	case 8:
		n := r.uint()
		text := string(r.b[:n])
		r.b = r.b[n:]
		return text
	case 9:
		head := r.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = r.uint()
		}
		list := make([]any, n)
		for i := range list {
			list[i] = r.value(head & 15)
		}
		return list
	case 12:
		return r.fields()
	}
	panic(fmt.Sprint("type ", kind))
}

func (r *thriftReader) fields() Fields {
	all, id := Fields{}, 0
	for {
		head := r.byte()
		if head == 0 {
			return all
		}
		if id += int(head >> 4); head>>4 == 0 {
			panic("a long id")
		}
		switch kind := head & 15; kind {
		case 1, 2:
			all[id] = kind == 1
		default:
			all[id] = r.value(kind)
		}
	}
}

// Metadata returns the FileMetaData of a file.
func Metadata(t testing.TB, file []byte) Fields {
	t.Helper()
	if len(file) < 12 || string(file[:4]) != "PAR1" || string(file[len(file)-4:]) != "PAR1" {
		t.Fatalf("no file: %d bytes", len(file))
	}
	end := len(file) - 8
	return (&thriftReader{file[end-int(binary.LittleEndian.Uint32(file[end:])) : end]}).fields()
}

// Rows reads the rows of a file.
func Rows(t testing.TB, file []byte) (rows [][]any) {
	t.Helper()
	meta := Metadata(t, file)
	schema := meta[2].([]any)[1:]
	for _, g := range meta[4].([]any) {
		first := len(rows)
		rows = append(rows, make([][]any, g.(Fields)[3].(int64))...)
		for i, c := range g.(Fields)[1].([]any) {
			chunk := c.(Fields)[3].(Fields)
			optional := schema[i].(Fields)[3] == int64(1)
			at := chunk[9].(int64)
			values := column(t, file[at:at+chunk[7].(int64)], chunk[1].(int64), optional)
			if int64(len(values)) != chunk[5] {
				t.Fatalf("%d values, want %d", len(values), chunk[5])
			}
			for n, v := range values {
				rows[first+n] = append(rows[first+n], v)
			}
		}
	}
	if int64(len(rows)) != meta[3] {
		t.Fatalf("%d rows, want %d", len(rows), meta[3])
	}
	return rows
}

func column(t testing.TB, pages []byte, physical int64, optional bool) (values []any) {
	t.Helper()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	for len(pages) > 0 {
		r := &thriftReader{pages}
		head := r.fields()
		size := head[3].(int64)
		body, err := dec.DecodeAll(r.b[:size], nil)
		if err != nil || int64(len(body)) != head[2] {
			t.Fatalf("page of %d bytes, want %d: %v", len(body), head[2], err)
		}
		pages = r.b[size:]
		values = append(values, page(body, int(head[5].(Fields)[1].(int64)), physical, optional)...)
	}
	return values
}

func page(body []byte, count int, physical int64, optional bool) []any {
	present := make([]bool, 0, count)
	if optional {
		n := binary.LittleEndian.Uint32(body)
		r := &thriftReader{body[4 : 4+n]}
		body = body[4+n:]
		for len(r.b) > 0 {
			run := r.uint() >> 1
			is := r.byte() == 1
			for range run {
				present = append(present, is)
			}
		}
	}
	values, bit := make([]any, count), 0
	for i := range values {
		if optional && !present[i] {
			continue
		}
		switch physical {
		case 0:
			values[i] = body[bit/8]>>(bit%8)&1 == 1
			bit++
		case 2:
			values[i] = int64(binary.LittleEndian.Uint64(body))
			body = body[8:]
		case 5:
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(body))
			body = body[8:]
		case 6:
			n := binary.LittleEndian.Uint32(body)
			values[i] = string(body[4 : 4+n])
			body = body[4+n:]
		}
	}
	return values
}
