package conformance

import (
	"bytes"
	"strings"
	"testing"
)

// What a request may be written as, and what is sent.
func TestRequestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                `{}`,
		`{a: b, "c d": "e f"}`:              `{"a":"b","c d":"e f"}`,
		`{a: 1, b: 1.50, c: true, d: null}`: `{"a":1,"b":1.50,"c":true,"d":null}`,
		`{a: $K, "$K": [x, $K]}`:            `{"a":"name","name":["x","name"]}`,
		`{a: 1, a: 2, b: <absent>}`:         `{"a":1,"a":2}`,
		`{k: %{a: x, n: 1, t: true, z: null, l: [1, {m: "2"}]}}`: `{"k":{"a":{"S":"x"},"n":{"N":"1"},"t":{"BOOL":true},"z":{"NULL":true},` +
			`"l":{"L":[{"N":"1"},{"M":{"m":{"S":"2"}}}]}}}`,
		`{k: %{s: SS[a, b], n: NS[1, 2], b: B"AQ==", r: @{S: x, N: y}}}`: `{"k":{"s":{"SS":["a","b"]},"n":{"NS":["1","2"]},"b":{"B":"AQ=="},"r":{"S":"x","N":"y"}}}`,
		`{v: %{:a: %1}, w: %x}`: `{"v":{":a":{"N":"1"}},"w":{"S":"x"}}`,
		`{a: "\"<&>"}`:          `{"a":"\"<&>"}`,
	} {
		o, err := parseObject(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var b bytes.Buffer
		if err := appendJSON(&b, o, vars{"K": "name"}); err != nil || b.String() != want {
			t.Errorf("%s\n is %s, %v\nnot %s", text, b.String(), err, want)
		}
	}
}

func TestMalformedFile(t *testing.T) {
	const head = "operation X\ncase a\n"
	for text, want := range map[string]string{
		"case a":                             "1: want a line before it: operation NAME",
		head + "case a":                      `3: there is a case "a" already`,
		head + "GetItem {a: }":               "3: want a value",
		head + "GetItem {a: b":               "3: a brace or bracket is not closed",
		head + "GetItem {a: <nix>}":          "3: there is no matcher <nix>",
		head + "=> ok":                       "3: there is no request before it",
		head + "GetItem {}\n=> what":         "4: what is =>",
		head + "GetItem {}\nwith nothing":    "4: there is no: with nothing",
		head + "nonsense":                    "3: what is",
		head + "GetItem {a: <repeat x>}":     "3: want <repeat TEXT N>",
		"for A B\n| 1\ncase x\nend":          "2: 1 values for 2 names",
		"for A\n| 1\ncase x":                 "1: the block has no end",
		head + "table T":                     "3: the table has no key",
		head + "GetItem {}\nsetup":           "4: setup comes before the first case",
		"only this":                          "1: want only json, query or both",
		head + "wait long":                   "3: time: invalid duration",
		head + "GetItem {}\n=> {a: b} trail": "4: want one object",
	} {
		if _, err := parse("x", text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	f, err := parse("x", "operation X\nfor OP A\n| GetItem | 1\n| PutItem | 2\nfor B\n| x\n|\ncase $OP $A $B.\n$OP {n: $A, l: [<list 2 {i: $i}>], s: <repeat ab $A>}\nend\nend")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range f.cases {
		var b bytes.Buffer
		if err := appendJSON(&b, c.steps[0].body, nil); err != nil {
			t.Fatal(err)
		}
		got = append(got, c.name+" "+c.steps[0].op+b.String())
	}
	want := []string{
		`GetItem 1 x. GetItem{"n":1,"l":[{"i":1},{"i":2}],"s":"ab"}`,
		`GetItem 1. GetItem{"n":1,"l":[{"i":1},{"i":2}],"s":"ab"}`,
		`PutItem 2 x. PutItem{"n":2,"l":[{"i":1},{"i":2}],"s":"abab"}`,
		`PutItem 2. PutItem{"n":2,"l":[{"i":1},{"i":2}],"s":"abab"}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
