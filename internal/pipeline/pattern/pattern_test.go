package pattern_test

import (
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/pipeline/pattern"
)

// Cases from "Comparison operators for use in event patterns" of the EventBridge
// guide and "Filter rule syntax" of the Lambda guide.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		yes, not []string
	}{
		{`{"a":["x"]}`, []string{`{"a":"x"}`, `{"a":["y","x"]}`, `{"a":"x","b":1}`}, []string{`{"a":"X"}`, `{}`, `{"a":{"x":1}}`, `"x"`, `{"a":[]}`}},
		{`{"a":["x","y",1,true,null]}`, []string{`{"a":"y"}`, `{"a":1}`, `{"a":1.0}`, `{"a":true}`, `{"a":null}`}, []string{`{"a":"1"}`, `{"a":false}`, `{"a":2}`}},
		{`{"a":[""]}`, []string{`{"a":""}`}, []string{`{"a":null}`, `{}`}},
		{`{"a":[null]}`, []string{`{"a":null}`}, []string{`{}`, `{"a":""}`}},
		{`{"a":{"b":["x"]},"c":[1]}`, []string{`{"a":{"b":"x"},"c":1}`, `{"a":[{"b":"y"},{"b":"x"}],"c":1}`}, []string{`{"a":{"b":"x"}}`, `{"a":"x","c":1}`}},
		{`{"a":[{"prefix":"us-"}]}`, []string{`{"a":"us-east"}`}, []string{`{"a":"US-east"}`, `{"a":1}`, `{}`}},
		{`{"a":[{"prefix":{"equals-ignore-case":"us-"}}]}`, []string{`{"a":"US-east"}`}, []string{`{"a":"eu"}`}},
		{`{"a":[{"suffix":".png"}]}`, []string{`{"a":"x.png"}`}, []string{`{"a":"x.PNG"}`}},
		{`{"a":[{"suffix":{"equals-ignore-case":".png"}}]}`, []string{`{"a":"x.PNG"}`}, []string{`{"a":"x.gif"}`}},
		{`{"a":[{"equals-ignore-case":"Alice"}]}`, []string{`{"a":"aLICE"}`}, []string{`{"a":"alice2"}`}},
		{`{"a":[{"anything-but":"x"}]}`, []string{`{"a":"y"}`, `{"a":1}`, `{"a":["x","y"]}`}, []string{`{"a":"x"}`, `{}`}},
		{`{"a":[{"anything-but":["x",5]}]}`, []string{`{"a":"y"}`, `{"a":6}`}, []string{`{"a":"x"}`, `{"a":5}`}},
		{`{"a":[{"anything-but":{"prefix":"in"}}]}`, []string{`{"a":"out"}`}, []string{`{"a":"init"}`}},
		{`{"a":[{"anything-but":{"prefix":["in","un"]}}]}`, []string{`{"a":"out"}`}, []string{`{"a":"undo"}`}},
		{`{"a":[{"anything-but":{"suffix":"x"}}]}`, []string{`{"a":"y"}`}, []string{`{"a":"yx"}`}},
		{`{"a":[{"anything-but":{"equals-ignore-case":["init","off"]}}]}`, []string{`{"a":"on"}`}, []string{`{"a":"OFF"}`}},
		{`{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, []string{`{"a":"/x"}`}, []string{`{"a":"/lib/x"}`}},
		{`{"a":[{"numeric":["=",3.018e2]}]}`, []string{`{"a":301.8}`}, []string{`{"a":301}`, `{"a":"301.8"}`}},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, []string{`{"a":5}`, `{"a":0.001}`}, []string{`{"a":0}`, `{"a":5.001}`, `{"a":1e999999}`}},
		{`{"a":[{"exists":true}]}`, []string{`{"a":1}`, `{"a":null}`, `{"a":""}`}, []string{`{}`, `{"a":{"b":1}}`}},
		{`{"a":[{"exists":false}]}`, []string{`{}`, `{"b":1}`}, []string{`{"a":null}`}},
		{`{"a":{"b":[{"exists":false}]}}`, []string{`{}`, `{"a":{}}`}, []string{`{"a":{"b":1}}`}},
		{`{"a":[{"cidr":"10.0.0.0/24"}]}`, []string{`{"a":"10.0.0.255"}`}, []string{`{"a":"10.0.1.0"}`, `{"a":"x"}`, `{"a":1}`}},
		{`{"a":[{"cidr":"2001:db8::/32"}]}`, []string{`{"a":"2001:db8::1"}`}, []string{`{"a":"10.0.0.1"}`}},
		{`{"a":[{"wildcard":"*.txt"}]}`, []string{`{"a":"x.txt"}`, `{"a":".txt"}`}, []string{`{"a":"x.txt2"}`}},
		{`{"a":[{"wildcard":"a*b*a"}]}`, []string{`{"a":"aba"}`, `{"a":"axbbxa"}`}, []string{`{"a":"ab"}`, `{"a":"aa"}`}},
		{`{"a":[{"wildcard":"a\\*b\\\\*"}]}`, []string{`{"a":"a*b\\c"}`}, []string{`{"a":"axb\\"}`}},
		{`{"a":[{"wildcard":"\\**"}]}`, []string{`{"a":"*x"}`}, []string{`{"a":"x"}`}},
		{`{"$or":[{"a":[1]},{"b":[2],"c":[3]}],"d":[4]}`, []string{`{"a":1,"d":4}`, `{"b":2,"c":3,"d":4}`}, []string{`{"a":1}`, `{"b":2,"d":4}`}},
		{`{"x":{"$or":[{"a":[1]},{"b":[{"exists":true}]}]}}`, []string{`{"x":{"a":1}}`, `{"x":{"b":0}}`}, []string{`{"x":{}}`}},
		{`{"a":["x",{"numeric":[">",9]}]}`, []string{`{"a":"x"}`, `{"a":10}`}, []string{`{"a":9}`}},
	} {
		p, err := pattern.Parse(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		for want, events := range map[bool][]string{true: c.yes, false: c.not} {
			for _, text := range events {
				event, err := pattern.Decode([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if got := p.Match(event); got != want {
					t.Errorf("%s matches %s: %v", c.pattern, text, got)
				}
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		``, `x`, `[]`, `{}`, `{"a":"x"}`, `{"a":1}`, `{"a":[]}`, `{"a":{}}`, `{"a":[[1]]}`, `{"a":[{}]}`, `{"a":[{"prefix":1}]}`, `{"a":[{"prefix":""}]}`,
		`{"a":[{"nope":1}]}`, `{"a":[{"prefix":"x","suffix":"y"}]}`, `{"a":[{"exists":1}]}`, `{"a":[{"numeric":[">"]}]}`,
		`{"a":[{"numeric":["!",1]}]}`, `{"a":[{"numeric":["<",5,">",1]}]}`, `{"a":[{"numeric":[">",5,"<",1]}]}`, `{"a":[{"numeric":[">",5000000001]}]}`,
		`{"a":[{"numeric":[">",1e99999]}]}`, `{"a":[{"cidr":"10.0.0.0"}]}`, `{"a":[{"wildcard":"a**b"}]}`, `{"a":[{"wildcard":"a\\b"}]}`,
		`{"a":[{"anything-but":[]}]}`, `{"a":[{"anything-but":{"numeric":["=",1]}}]}`, `{"a":[1]} x`,
		strings.Repeat(`{"a":`, 40) + `[1]` + strings.Repeat(`}`, 40), `{"a":["` + strings.Repeat("x", 5000) + `"]}`,
	} {
		if _, err := pattern.Parse(text); err == nil {
			t.Errorf("%.60s: no error", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"a":[{"wildcard":"a*b"}],"$or":[{"b":[1]},{"c":[{"numeric":[">",1]}]}]}`, `{"a":"axb","b":1}`)
	f.Fuzz(func(t *testing.T, text, event string) {
		p, err := pattern.Parse(text)
		if err != nil {
			return
		}
		if v, err := pattern.Decode([]byte(event)); err == nil {
			p.Match(v)
		}
	})
}
