package jsontok

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDecoder compares with encoding/json, which differs in three ways: it
// replaces what is no UTF-8 and half surrogate pairs, and nests deeper.
func FuzzDecoder(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Decoder
		d.Reset(data)
		d.Skip()
		err := d.End()
		var syntax *SyntaxError
		if err != nil && (!errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(data)) {
			t.Fatalf("Skip: %v", err)
		}
		if err == nil && !json.Valid(data) {
			t.Fatal("accepted what is no JSON")
		}
		stricter := !utf8.Valid(data) || strings.Contains(strings.ToLower(string(data)), `\ud`) ||
			strings.Count(string(data), "[")+strings.Count(string(data), "{") > MaxDepth
		if err != nil && json.Valid(data) && !stricter {
			t.Fatalf("refused JSON: %v", err)
		}
		d.Reset(data)
		got := tree(&d)
		var wrong *TypeError // a number beyond float64
		if treeErr := d.End(); errors.As(treeErr, &wrong) {
			return
		} else if (treeErr == nil) != (err == nil) {
			t.Fatalf("tree: %v, Skip: %v", treeErr, err)
		}
		var want any
		if err == nil && (json.Unmarshal(data, &want) != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
