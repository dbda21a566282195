package jsontok

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

func decoderOf(text string) *Decoder {
	d := new(Decoder)
	d.Reset([]byte(text))
	return d
}

// tree reads any value with the typed methods, as encoding/json would.
func tree(d *Decoder) any {
	switch d.Kind() {
	case Object:
		m := map[string]any{}
		for more := d.Object(); more; {
			key, ok := d.KeyText()
			if more = ok; ok {
				m[key] = tree(d)
			}
		}
		return m
	case Array:
		a := []any{}
		d.Array()
		for d.Elem() {
			a = append(a, tree(d))
		}
		return a
	case String:
		return d.Text()
	case Number:
		return d.Float()
	case Bool:
		return d.Bool()
	case Null:
		d.Null()
		return nil
	}
	d.Skip()
	return nil
}

// documents are well-formed, or not as the second field says why.
var documents = []struct{ text, flaw string }{
	{`{}`, ""},
	{" \t\r\n[ ] \n", ""},
	{`{"a":[1,-2.5e+3,{"b":null}],"c":"d","e":true,"f":false}`, ""},
	{`[[],{},[[]],{"a":{}}]`, ""},
	{`"\u00e9\"\\\/\b\f\n\r\t"`, ""},
	{`"é 𝄞 \ud834\udd1e"`, ""},
	{`{"":0,"\u0061":1}`, ""},
	{`0`, ""},
	{`-0.0E-0`, ""},
	{`"0123456789abcdef0123456789\"abcdef"`, ""},
	{``, "nothing"},
	{`{`, "no end"},
	{`[1`, "no end"},
	{`{"a"`, "no end"},
	{`{"a":`, "no value"},
	{`{"a":}`, "no value"},
	{`{"a" 1}`, "no colon"},
	{`{a:1}`, "bare name"},
	{`{"a":1,}`, "trailing comma"},
	{`[1,]`, "trailing comma"},
	{`[,1]`, "leading comma"},
	{`[1 2]`, "no comma"},
	{`[1}`, "wrong end"},
	{`{"a":1]`, "wrong end"},
	{`1 2`, "two values"},
	{`nul`, "short literal"},
	{`truE`, "wrong literal"},
	{`falsey`, "long literal"},
	{`01`, "leading zero"},
	{`-`, "no digits"},
	{`+1`, "plus sign"},
	{`1.`, "no fraction"},
	{`.5`, "no whole part"},
	{`1e`, "no exponent"},
	{`1e+`, "no exponent"},
	{`0x10`, "hexadecimal"},
	{`NaN`, "no JSON number"},
	{`"abc`, "no closing quote"},
	{`"abc\`, "no closing quote"},
	{"\"a\nb\"", "control character"},
	{"\"0123456789\x1f\"", "control character"},
	{`"\x"`, "unknown escape"},
	{`"\u12"`, "short escape"},
	{`"\u12G4"`, "wrong escape"},
	{`"\ud834"`, "half a surrogate pair"},
	{`"\ud834x"`, "half a surrogate pair"},
	{`"\udd1e\ud834"`, "surrogates reversed"},
	{"\"\xff\"", "no UTF-8"},
	{"\"\\n\xc3\"", "no UTF-8"},
	{"\"\xed\xa0\x80\"", "surrogate in UTF-8"},
	{"\ufeff{}", "byte order mark"},
	{"/**/1", "comment"},
}

func TestDocuments(t *testing.T) {
	for _, doc := range documents {
		for name, read := range map[string]func(*Decoder){
			"Skip": (*Decoder).Skip,
			"Raw":  func(d *Decoder) { d.Raw() },
			"tree": func(d *Decoder) { tree(d) },
		} {
			d := decoderOf(doc.text)
			read(d)
			err := d.End()
			var syntax *SyntaxError
			if doc.flaw == "" && err != nil || doc.flaw != "" && !errors.As(err, &syntax) {
				t.Errorf("%s of %q (%s): %v", name, doc.text, doc.flaw, err)
			}
		}
		if doc.flaw != "" {
			continue
		}
		var want any
		if err := json.Unmarshal([]byte(doc.text), &want); err != nil {
			t.Fatal(err)
		}
		if got := tree(decoderOf(doc.text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", doc.text, got, want)
		}
	}
}

func TestReadsMembers(t *testing.T) {
	d := decoderOf(`{"name":"t\u00e9","n":5,"gone":null,"list":["a","b"],"extra":{"x":[1,{"y":2}]},"ok":true,"b":"aGk="}`)
	got := map[string]any{}
	if !d.Object() {
		t.Fatal(d.Err())
	}
	for {
		key, ok := d.Key()
		if !ok {
			break
		}
		name := string(key)
		switch {
		case d.Null():
		case name == "name":
			got[name] = d.String()
		case name == "n":
			got[name] = d.Int()
		case name == "list":
			var list []string
			for more := d.Array() && d.Elem(); more; more = d.Elem() {
				list = append(list, d.String())
			}
			got[name] = list
		case name == "ok":
			got[name] = d.Bool()
		case name == "b":
			got[name] = string(d.Base64())
		default:
			got[name] = string(d.Raw())
		}
	}
	want := map[string]any{"name": "té", "n": int64(5), "list": []string{"a", "b"}, "extra": `{"x":[1,{"y":2}]}`, "ok": true, "b": "hi"}
	if err := d.End(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestTypeErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		read func(*Decoder)
		want TypeError
	}{
		{` 5`, func(d *Decoder) { _ = d.String() }, TypeError{Want: String, Got: Number, Offset: 1}},
		{`true`, func(d *Decoder) { d.Bytes() }, TypeError{Want: String, Got: Bool, Offset: 0}},
		{`null`, func(d *Decoder) { d.Object() }, TypeError{Want: Object, Got: Null, Offset: 0}},
		{`[]`, func(d *Decoder) { d.Object() }, TypeError{Want: Object, Got: Array, Offset: 0}},
		{`{}`, func(d *Decoder) { d.Array() }, TypeError{Want: Array, Got: Object, Offset: 0}},
		{`"x"`, func(d *Decoder) { d.Bool() }, TypeError{Want: Bool, Got: String, Offset: 0}},
		{`"5"`, func(d *Decoder) { d.Int() }, TypeError{Want: Number, Got: String, Offset: 0}},
		{`1.5`, func(d *Decoder) { d.Int() }, TypeError{Want: Integer, Got: Number, Offset: 0}},
		{`9223372036854775808`, func(d *Decoder) { d.Int() }, TypeError{Want: Integer, Got: Number, Offset: 0}},
		{`1e400`, func(d *Decoder) { d.Float() }, TypeError{Want: Number, Got: Number, Offset: 0}},
		{`"a"`, func(d *Decoder) { d.Base64() }, TypeError{Want: Base64, Got: String, Offset: 0}},
		{`"+/+="`, func(d *Decoder) { d.Base64() }, TypeError{Want: Base64, Got: String, Offset: 0}},
		{`"5"`, func(d *Decoder) { d.Int(); d.Name("Long"); d.Name("Other") }, TypeError{Want: Number, Got: String, Type: "Long"}},
		{`1`, func(d *Decoder) { d.Base64() }, TypeError{Want: Base64, Got: Number, Offset: 0}},
		{`["?==="]`, func(d *Decoder) { d.Array(); d.Elem(); d.Base64String() }, TypeError{Want: Base64, Got: String, Offset: 1}},
	} {
		d := decoderOf(c.text)
		c.read(d)
		var got *TypeError
		if !errors.As(d.Err(), &got) || *got != c.want {
			t.Errorf("%s: %v, want %v", c.text, d.Err(), &c.want)
		}
	}
}

func TestErrorSticks(t *testing.T) {
	d := decoderOf(`{"a":5,"b":"x"}`)
	d.Object()
	d.Key()
	_ = d.String()
	first := d.Err()
	if first == nil {
		t.Fatal("a number was read as a string")
	}
	if _, ok := d.Key(); ok || d.Elem() || d.Object() || d.Array() || d.Null() || d.Bool() || d.Kind() != Invalid ||
		d.Int() != 0 || d.Float() != 0 || d.String() != "" || d.Text() != "" || d.Bytes() != nil || d.Base64() != nil || d.Raw() != nil {
		t.Error("a method returned something after an error")
	}
	d.Skip()
	d.Fail(errors.New("later"))
	if d.Err() != first || d.End() != first {
		t.Errorf("the error became %v", d.Err())
	}
	d.Reset([]byte(`1`))
	if d.Int() != 1 || d.End() != nil {
		t.Errorf("after Reset: %v", d.Err())
	}
}

func TestNotesDoNotStop(t *testing.T) {
	d := decoderOf(`[1,2]`)
	first := errors.New("first")
	d.Note(first)
	d.Note(errors.New("second"))
	d.Skip()
	if d.End() != nil || d.Noted() != first {
		t.Errorf("%v, %v", d.End(), d.Noted())
	}
	if d.Reset(nil); d.Noted() != nil {
		t.Error("Reset kept a note")
	}
}

func TestDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`[{"a":`, n/2) + "1" + strings.Repeat("}]", n/2) }
	for name, read := range map[string]func(*Decoder){"Skip": (*Decoder).Skip, "tree": func(d *Decoder) { tree(d) }} {
		d := decoderOf(nested(MaxDepth))
		if read(d); d.End() != nil {
			t.Errorf("%s at MaxDepth: %v", name, d.Err())
		}
		var syntax *SyntaxError
		d.Reset([]byte(nested(MaxDepth + 2)))
		if read(d); !errors.As(d.Err(), &syntax) || syntax.Offset != MaxDepth/2*len(`[{"a":`) {
			t.Errorf("%s beyond MaxDepth: %v", name, d.Err())
		}
	}
	// Siblings do not add up.
	d := decoderOf("[" + strings.Repeat("[[]],", 3*MaxDepth) + "0]")
	if d.Skip(); d.End() != nil {
		t.Error(d.Err())
	}
}

func TestInt(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "7": 7, "-12": -12, "5.0": 5, "1e3": 1000, "0.5e1": 5, "-2.50E2": -250, "1200e-2": 12,
		"9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63, "0e99999999999999999999": 0,
		"0.000e-5": 0, "1" + strings.Repeat("0", 30) + "e-30": 1, "10000000000000000000e-1": 1e18,
	} {
		d := decoderOf(text)
		if got := d.Int(); got != want || d.End() != nil {
			t.Errorf("%s: %d, %v", text, got, d.Err())
		}
	}
	for _, text := range []string{
		"0.5", "1e-1", "5.01", "9223372036854775808", "-9223372036854775809", "1e19", "1e99999999999999999999", "18446744073709551617",
		"18446744073709551615", "99999999999999999999", "1e-99999999999999999999",
	} {
		d := decoderOf(text)
		var wrong *TypeError
		if got := d.Int(); !errors.As(d.Err(), &wrong) || got != 0 {
			t.Errorf("%s: %d, %v", text, got, d.Err())
		}
	}
}

func TestTextSharesOneCopy(t *testing.T) {
	input := []byte(`{"name":"value","escaped":"a\tb","empty":""}`)
	var d Decoder
	d.Reset(input)
	d.Object()
	name, _ := d.KeyText()
	value := d.Text()
	d.Key()
	escaped := d.Text()
	d.Key()
	if empty := d.Text(); empty != "" {
		t.Errorf("empty is %q", empty)
	}
	for i := range input {
		input[i] = '!'
	}
	if name != "name" || value != "value" || escaped != "a\tb" {
		t.Errorf("%q, %q, %q after the input changed", name, value, escaped)
	}
	if unsafe.StringData(value) != (*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(name)), 7)) {
		t.Error("the strings have no common copy")
	}
}

func TestBytesAliasInput(t *testing.T) {
	input := []byte(`"plain"`)
	var d Decoder
	d.Reset(input)
	if b := d.Bytes(); &b[0] != &input[1] || cap(b) != len(b) {
		t.Error("Bytes copied a string without escapes, or lets the input be appended to")
	}
}
