package attr

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/jsontok"
)

// TestEncodedBytes holds the bytes of docs/format.md, which are on disk.
func TestEncodedBytes(t *testing.T) {
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		m    Map
		want string
	}{
		{Map{}, "01 0a"},
		{NewMap([]Attr{{"n", N(number(t, "-12.5"))}, {"ok", Bool(true)}, {"id", S("a1")}}),
			"01 3a 026964 21 6131 016e 52 2d31322e35 026f6b 14"},
		{Map{{"", Bool(false)}}, "01 1a 00 04"},
		{Map{{"a", Null()}}, "01 1a 0161 05"},
		{Map{{"a", B("\x00")}}, "01 1a 0161 13 00"},
		{Map{{"a", StringSet([]string{"y", "x"})}}, "01 1a 0161 26 0178 0179"},
		{Map{{"a", NumberSet([]Number{IntNumber(10), IntNumber(9)})}}, "01 1a 0161 27 0139 023130"},
		{Map{{"a", BinarySet([]string{""})}}, "01 1a 0161 18 00"},
		{Map{{"a", L([]Value{M(nil), L(nil)})}}, "01 1a 0161 29 0a 09"},
		{Map{{"a", S(long[:15])}}, "01 1a 0161 f10f" + hex.EncodeToString([]byte(long[:15]))},
		{Map{{"a", S(long)}}, "01 1a 0161 f1c801" + hex.EncodeToString([]byte(long))},
	} {
		if got, want := hex.EncodeToString(AppendMap(nil, c.m)), strings.ReplaceAll(c.want, " ", ""); got != want {
			t.Errorf("%s: %s, want %s", c.m.AppendJSON(nil), got, want)
		}
	}
}

func TestForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := genMap(4).Draw(t, "m")
		enc := AppendMap([]byte("before"), m)[len("before"):]

		back, err := DecodeMap(enc)
		if err != nil || !back.Equal(m) {
			t.Fatalf("decoded: %s, %v", back.AppendJSON(nil), err)
		}
		if got, err := SizeEncoded(enc); got != m.Size() || err != nil {
			t.Fatalf("size: %d, %v, want %d", got, err, m.Size())
		}
		text := m.AppendJSON(nil)
		if !json.Valid(text) {
			t.Fatalf("no JSON: %s", text)
		}
		if got := EncodedItem(enc).AppendJSON(nil); !bytes.Equal(got, text) {
			t.Fatalf("transcoded: %s, want %s", got, text)
		}
		var d jsontok.Decoder
		d.Reset(text)
		if got := ReadMap(&d); d.End() != nil || d.Noted() != nil || !got.Equal(m) {
			t.Fatalf("read: %s, %v, %v, want %s", got.AppendJSON(nil), d.Err(), d.Noted(), text)
		}
		for _, a := range m {
			if v, ok, err := LookupEncoded(enc, a.Name); err != nil || !ok || !v.Equal(a.Value) {
				t.Fatalf("look-up of %q: %s, %v, %v", a.Name, v.AppendJSON(nil), ok, err)
			}
		}
	})
}

func TestItem(t *testing.T) {
	m := Map{{"a", S("x")}}
	for _, c := range []struct {
		it   Item
		zero bool
		json string
	}{
		{Item{}, true, `null`},
		{ItemOf(nil), false, `{}`},
		{ItemOf(m), false, `{"a":{"S":"x"}}`},
		{EncodedItem(AppendMap(nil, m)), false, `{"a":{"S":"x"}}`},
		{EncodedItem(AppendMap(nil, nil)), false, `{}`},
	} {
		if got := string(c.it.AppendJSON([]byte("-"))); got != "-"+c.json || c.it.IsZero() != c.zero {
			t.Errorf("%s, %v, want %s", got, c.it.IsZero(), c.json)
		}
		got, err := c.it.Map()
		if text := string(got.AppendJSON(nil)); err != nil || !c.zero && text != c.json {
			t.Errorf("Map: %s, %v, want %s", text, err, c.json)
		}
	}
	for _, bad := range [][]byte{nil, {}, {2, 0x0a}, {1, 0x1a, 1}} {
		it := EncodedItem(bad)
		if _, err := it.Map(); err == nil || string(it.AppendJSON([]byte("-"))) != "-null" {
			t.Errorf("%x is an item", bad)
		}
	}
}

func TestLookupEncodedMisses(t *testing.T) {
	enc := AppendMap(nil, Map{{"b", S("1")}, {"d", L([]Value{Null()})}})
	for _, name := range []string{"", "a", "c", "e"} {
		if v, ok, err := LookupEncoded(enc, name); ok || err != nil || !v.IsZero() {
			t.Errorf("%q: %s, %v, %v", name, v.AppendJSON(nil), ok, err)
		}
	}
}

// malformed are encodings that AppendMap never writes.
var malformed = []string{
	"", "00", "020a", "01", "010b", "010f", "0109", "0101", "010a00", // version, kind, end
	"011a", "011a01", "011a0161", "011a016111", "fa0f", "01fa02", "01faffffffff7f", // cut short, counts
	"01fa01" + "0161" + "05",                     // a count that fits the head
	"011a0161" + "15",                            // a null with a count
	"011a0161" + "24",                            // a boolean beyond true
	"011a" + "810061" + "05",                     // a uvarint in a longer form
	"012a" + "016205" + "016105",                 // names out of order
	"012a" + "016105" + "016105",                 // a name twice
	"011a0161" + "26" + "0179" + "0178",          // strings out of order
	"011a0161" + "27" + "0131" + "0131",          // a number twice
	"011a0161" + "42" + "30302e35",               // "00.5"
	"011a0161" + "22" + "2d30",                   // "-0"
	"011a0161" + "02",                            // a number without digits
	"011a0161" + "17" + "0178",                   // a number set of "x"
	"011a0161" + strings.Repeat("19", 99) + "05", // too deep
}

func TestDecodeMapRefuses(t *testing.T) {
	for _, text := range malformed {
		enc, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := DecodeMap(enc); err == nil || m != nil {
			t.Errorf("%s: %s, %v", text, m.AppendJSON(nil), err)
		}
	}
}

func TestDecodeMapBoundsMemory(t *testing.T) {
	// A list that claims as many elements as there are bytes left, nested.
	enc := []byte{formatVersion, 0x1a, 0}
	for range decodeDepth {
		enc = append(enc, 0xf9, 0x80, 0x80, 0x80, 0x01)
	}
	enc = append(enc, make([]byte, 3<<20)...)
	var before, after uint64
	before = allocated(func() {})
	after = allocated(func() {
		if _, err := DecodeMap(enc); err == nil {
			t.Error("decoded")
		}
	})
	if after-before > 4*uint64(len(enc)) {
		t.Errorf("%d bytes allocated for %d", after-before, len(enc))
	}
}

func FuzzDecodeMap(f *testing.F) {
	for _, text := range malformed {
		enc, _ := hex.DecodeString(text)
		f.Add(enc)
	}
	f.Add(AppendMap(nil, benchItem(f)))
	f.Add(AppendMap(nil, NewMap([]Attr{{"l", L([]Value{M(Map{{"s", StringSet([]string{"a", "b"})}}), NumberSet([]Number{IntNumber(1)}), BinarySet([]string{""})})}})))
	f.Fuzz(func(t *testing.T, enc []byte) {
		m, err := DecodeMap(enc)
		size, sizeErr := SizeEncoded(enc)
		text := EncodedItem(enc).AppendJSON(nil)
		_, _, _ = LookupEncoded(enc, "a")
		if err != nil {
			return
		}
		if !bytes.Equal(AppendMap(nil, m), enc) {
			t.Fatalf("encodes otherwise: %x", AppendMap(nil, m))
		}
		if sizeErr != nil || size != m.Size() {
			t.Fatalf("size %d, %v, want %d", size, sizeErr, m.Size())
		}
		if want := m.AppendJSON(nil); !bytes.Equal(text, want) {
			t.Fatalf("transcoded %s, want %s", text, want)
		}
		for _, a := range m {
			if v, ok, err := LookupEncoded(enc, a.Name); err != nil || !ok || !v.Equal(a.Value) {
				t.Fatalf("look-up of %q: %v, %v", a.Name, ok, err)
			}
		}
	})
}
