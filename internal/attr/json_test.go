package attr

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/jsontok"
)

func readMap(text string) (Map, *jsontok.Decoder) {
	d := new(jsontok.Decoder)
	d.Reset([]byte(text))
	m := ReadMap(d)
	d.End()
	return m, d
}

func TestReadMap(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: `{}`,
		`{"b":{"S":"x"},"a":{"N":"1.50"},"c":{"B":"aGk="}}`: `{"a":{"N":"1.5"},"b":{"S":"x"},"c":{"B":"aGk="}}`,
		`{"a":{"BOOL":false},"b":{"NULL":true}}`:            `{"a":{"BOOL":false},"b":{"NULL":true}}`,
		`{"a":{"SS":["b","a"]},"n":{"NS":["10","9"]}}`:      `{"a":{"SS":["a","b"]},"n":{"NS":["9","10"]}}`,
		`{"a":{"BS":["/w==",""]}}`:                          `{"a":{"BS":["","/w=="]}}`,
		`{"a":{"L":[{"S":""},{"L":[]},{"M":{}}]}}`:          `{"a":{"L":[{"S":""},{"L":[]},{"M":{}}]}}`,
		`{"a":{"M":{"y":{"S":"1"},"x":{"S":"2"}}}}`:         `{"a":{"M":{"x":{"S":"2"},"y":{"S":"1"}}}}`,
		`{"a":{"SS":["","a"]}}`:                             `{"a":{"SS":["","a"]}}`,
		`{"a":{"S":"first"},"a":{"S":"last"}}`:              `{"a":{"S":"last"}}`,
		`{"a":{"S":"x","N":null,"Other":[1]}}`:              `{"a":{"S":"x"}}`,
		`{"a":{"S":"x","S":"y"}}`:                           `{"a":{"S":"y"}}`,
		`{"\u0061\n":{"S":"\u00e9\ud834\udd1e"}}`:           `{"a\n":{"S":"é𝄞"}}`,
	} {
		m, d := readMap(text)
		if got := string(m.AppendJSON(nil)); got != want || m == nil || d.Err() != nil || d.Noted() != nil {
			t.Errorf("%s: %s, %v, %v, want %s", text, got, d.Err(), d.Noted(), want)
		}
	}
}

func TestReadMapNotes(t *testing.T) {
	for text, want := range map[string]string{
		`{"k":{}}`:                                       "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
		`{"k":null}`:                                     "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
		`{"k":{"S":null}}`:                               "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
		`{"k":{"X":"y"}}`:                                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
		`{"k":{"M":{"a":{}}}}`:                           "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
		`{"k":{"L":[{}]}}`:                               "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
		`{"k":{"S":"a","N":"1"}}`:                        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
		`{"k":{"S":"a","N":"b"}}`:                        "The parameter cannot be converted to a numeric value: b",
		`{"k":{"S":"","N":""}}`:                          "The parameter cannot be converted to a numeric value: ",
		`{"k":{"NS":["1",""]}}`:                          "The parameter cannot be converted to a numeric value: ",
		`{"k":{"NS":["1","b"]}}`:                         "The parameter cannot be converted to a numeric value: b",
		`{"k":{"N":"1e126"}}`:                            "Number overflow. Attempting to store a number with magnitude larger than supported range",
		`{"k":{"SS":[]}}`:                                "One or more parameter values were invalid: An string set  may not be empty",
		`{"k":{"NS":[]}}`:                                "One or more parameter values were invalid: An number set  may not be empty",
		`{"k":{"BS":[]}}`:                                "One or more parameter values were invalid: Binary sets should not be empty",
		`{"k":{"SS":["b","a","b"]}}`:                     "One or more parameter values were invalid: Input collection [\"a\", \"b\", \"b\"] contains duplicates.",
		`{"k":{"NS":["1","1.0"]}}`:                       "One or more parameter values were invalid: Input collection contains duplicates.",
		`{"k":{"BS":["Yg==","Yg=="]}}`:                   "One or more parameter values were invalid: Input collection [\"Yg==\",\"Yg==\"]of type BS contains duplicates.",
		`{"k":{"BS":["",""]}}`:                           "One or more parameter values were invalid: Input collection [\"\",\"\"]of type BS contains duplicates.",
		`{"k":{"BS":["/w==","AA==","AA=="]}}`:            "One or more parameter values were invalid: Input collection [\"AA==\",\"/w==\",\"AA==\"]of type BS contains duplicates.",
		`{"k":{"NULL":false}}`:                           "One or more parameter values were invalid: Null attribute value types must have the value of true",
		`{"a":{"S":"fine"},"k":{"N":"x"},"z":{"N":"y"}}`: "The parameter cannot be converted to a numeric value: x",
	} {
		_, d := readMap(text)
		var noted *ValueError
		if d.Err() != nil || !errors.As(d.Noted(), &noted) || noted.Error() != want || noted.Key != "k" {
			t.Errorf("%s: %v, %v", text, d.Err(), d.Noted())
		}
	}
}

func TestReadMapTypeErrors(t *testing.T) {
	for text, want := range map[string]jsontok.TypeError{
		`[]`:                     {Want: jsontok.Object, Got: jsontok.Array, Offset: 0, Type: "map of AttributeValue"},
		`{"a":"x"}`:              {Want: jsontok.Object, Got: jsontok.String, Offset: 5},
		`{"a":{"S":1}}`:          {Want: jsontok.String, Got: jsontok.Number, Offset: 10},
		`{"a":{"N":1}}`:          {Want: jsontok.String, Got: jsontok.Number, Offset: 10},
		`{"a":{"B":"?"}}`:        {Want: jsontok.Base64, Got: jsontok.String, Offset: 10},
		`{"a":{"BOOL":"true"}}`:  {Want: jsontok.Bool, Got: jsontok.String, Offset: 13},
		`{"a":{"NULL":0}}`:       {Want: jsontok.Bool, Got: jsontok.Number, Offset: 13},
		`{"a":{"SS":"x"}}`:       {Want: jsontok.Array, Got: jsontok.String, Offset: 11},
		`{"a":{"NS":[1]}}`:       {Want: jsontok.String, Got: jsontok.Number, Offset: 12},
		`{"a":{"L":{}}}`:         {Want: jsontok.Array, Got: jsontok.Object, Offset: 10},
		`{"a":{"M":[]}}`:         {Want: jsontok.Object, Got: jsontok.Array, Offset: 10, Type: "map of AttributeValue"},
		`{"a":{"L":["x"]}}`:      {Want: jsontok.Object, Got: jsontok.String, Offset: 11},
		`{"a":{"S":"b","N":{}}}`: {Want: jsontok.String, Got: jsontok.Object, Offset: 18},
	} {
		m, d := readMap(text)
		var got *jsontok.TypeError
		if !errors.As(d.Err(), &got) || *got != want || d.Noted() != nil || m != nil {
			t.Errorf("%s: %v, %v", text, d.Err(), d.Noted())
		}
	}
}

func TestReadMapDepth(t *testing.T) {
	nested := func(open, end string, wraps int) string {
		return `{"k":` + strings.Repeat(open, wraps) + `{"S":"leaf"}` + strings.Repeat(end, wraps) + `,"z":{"S":"after"}}`
	}
	for _, form := range []struct{ open, end string }{{`{"M":{"n":`, `}}`}, {`{"L":[`, `]}`}} {
		m, d := readMap(nested(form.open, form.end, MaxDepth-1))
		if d.Err() != nil || d.Noted() != nil || m.Depth() != MaxDepth {
			t.Errorf("%s: level %d: %v, %v", form.open, m.Depth(), d.Err(), d.Noted())
		}
		for _, wraps := range []int{MaxDepth, MaxDepth + 8} {
			m, d = readMap(nested(form.open, form.end, wraps))
			if !errors.Is(d.Noted(), ErrTooDeep) || d.Err() != nil || len(m) != 2 {
				t.Errorf("%s: %d wraps: %v, %v", form.open, wraps, d.Err(), d.Noted())
			}
		}
	}
}

func TestReadValue(t *testing.T) {
	var d jsontok.Decoder
	d.Reset([]byte(`[{"S":"a"},{"N":"x"}]`))
	d.Array()
	d.Elem()
	if v := ReadValue(&d); !v.Equal(S("a")) {
		t.Errorf("%s", v.AppendJSON(nil))
	}
	d.Elem()
	ReadValue(&d)
	d.Elem()
	var noted *ValueError
	if d.End() != nil || !errors.As(d.Noted(), &noted) || noted.Key != "" {
		t.Errorf("%v, %v", d.Err(), d.Noted())
	}
}

// TestReadMapOfMany has more members than the reader keeps on its stack.
func TestReadMapOfMany(t *testing.T) {
	var text, elems strings.Builder
	const many = 5000
	for i := range many {
		fmt.Fprintf(&text, `"n%d":{"N":"%d"},`, (i*7919)%many, i)
		fmt.Fprintf(&elems, `,{"N":"%d"}`, i)
	}
	m, d := readMap("{" + text.String() + `"list":{"L":[{"N":"0"}` + elems.String() + `]},"n0":{"S":"last"}}`)
	if d.Err() != nil || d.Noted() != nil || len(m) != many+1 || !sorted(m) {
		t.Fatalf("%d attributes, %v, %v", len(m), d.Err(), d.Noted())
	}
	if v, _ := m.Get("n0"); !v.Equal(S("last")) {
		t.Errorf("n0 is %s", v.AppendJSON(nil))
	}
	if v, _ := m.Get("list"); len(v.Elems()) != many+1 || !v.Elems()[many].Equal(N(IntNumber(many-1))) {
		t.Errorf("list has %d elements", len(v.Elems()))
	}
}

func FuzzReadMap(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":{"S":"x"},"b":{"N":"-1.5e3"},"c":{"B":"aGk="},"d":{"BOOL":true},"e":{"NULL":true}}`,
		`{"a":{"SS":["b","a"]},"b":{"NS":["1","1.0"]},"c":{"BS":[""]}}`, `{"a":{"L":[{"M":{"x":{"L":[]}}}]}}`,
		`{"a":{},"a":{"S":"x","N":"1"}}`, `{"a":null}`, `{"a":{"NULL":false}}`, `{"a":{"S":1}}`, `[`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, d := readMap(string(text))
		if d.Err() != nil || d.Noted() != nil {
			return
		}
		again, d := readMap(string(m.AppendJSON(nil)))
		if d.Err() != nil || d.Noted() != nil || !again.Equal(m) {
			t.Fatalf("written and read again: %s, %v, %v", again.AppendJSON(nil), d.Err(), d.Noted())
		}
		back, err := DecodeMap(AppendMap(nil, m))
		if err != nil || !back.Equal(m) || m.Depth() > MaxDepth {
			t.Fatalf("stored and read again: %s, %v", back.AppendJSON(nil), err)
		}
		checkSizeEncoded(t, m)
	})
}
