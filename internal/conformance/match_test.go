package conformance

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct{ want, got, diff string }{
		{`{a: 1}`, `{"a":1}`, ""},
		{`{a: 1}`, `{"a":1.0}`, ""},
		{`{a: 1}`, `{"a":"1"}`, `a: want 1, have "1"`},
		{`{a: x}`, `{"a":"y"}`, `a: want "x", have "y"`},
		{`{a: x}`, `{}`, "a: is missing"},
		{`{}`, `{"a":1}`, "a: is not expected: 1"},
		{`{...}`, `{"a":1}`, ""},
		{`{a: <absent>, ...}`, `{"a":1}`, "a: want none, have 1"},
		{`{a: <absent>}`, `{}`, ""},
		{`{a: [1, 2]}`, `{"a":[2,1]}`, "a[0]: want 1, have 2"},
		{`{a: set[1, 2]}`, `{"a":[2,1]}`, ""},
		{`{a: set[1, 2]}`, `{"a":[2,2]}`, "a: nothing fits expected element 0"},
		{`{a: [2, ...]}`, `{"a":[1,2,3]}`, ""},
		{`{a: [4, ...]}`, `{"a":[1,2,3]}`, "a: nothing fits expected element 0"},
		{`{a: [1]}`, `{"a":[1,2]}`, "a: want 1 elements, have 2"},
		{`{a: %{s: SS[x, y]}}`, `{"a":{"s":{"SS":["y","x"]}}}`, ""},
		{`{a: <number>}`, `{"a":"1.5"}`, ""},
		{`{a: <number>}`, `{"a":"x"}`, `a: want <number>, have "x"`},
		{`{a: <uuid>}`, `{"a":"00000000-0000-0000-0000-000000000000"}`, ""},
		{`{a: <re x+>}`, `{"a":"xxy"}`, "a: want ^(?:x+)$, have \"xxy\""},
		{`{a: <string $V>, b: $V}`, `{"a":"q","b":"q"}`, ""},
		{`{a: true}`, `{"a":false}`, "a: want true, have false"},
		{`{a: null}`, `{"a":null}`, ""},
		{`{a: {b: 1}}`, `{"a":[]}`, "a: want an object, have []"},
		{`{a: [1]}`, `{"a":{}}`, "a: want a list, have {}"},
	} {
		want, err := parseObject(tt.want)
		if err != nil {
			t.Errorf("%s: %v", tt.want, err)
			continue
		}
		got, err := decodeJSON([]byte(tt.got))
		if err != nil {
			t.Fatal(err)
		}
		c := &comparison{vars: vars{}, strict: true}
		c.match("", want, got)
		if diff := strings.Join(c.diffs, "\n"); diff != tt.diff && (tt.diff == "" || !strings.HasPrefix(diff, tt.diff)) {
			t.Errorf("%s of %s: %q, want %q", tt.want, tt.got, diff, tt.diff)
		}
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		pattern, got string
		fits         bool
	}{
		{"a.c", "a.c", true},
		{"a.c", "abc", false},
		{"a <any> c", "a b\nb c", true},
		{"a <word> c", "a b b c", false},
		{"<number>.", "-1.5E+3.", true},
		{"<nix>", "<nix>", true},
		{"", "", true},
	} {
		if fits(tt.pattern, tt.got) != tt.fits {
			t.Errorf("%q fits %q: %v", tt.got, tt.pattern, !tt.fits)
		}
	}
}

// An answer of the query protocol has the shape of one in JSON.
func TestQueryAnswer(t *testing.T) {
	for body, text := range map[string]string{
		`<ReceiveMessageResponse><ReceiveMessageResult><Message><MessageId>i</MessageId><Attribute><Name>n</Name><Value>1</Value></Attribute>` +
			`<MessageAttribute><Name>m</Name><Value><DataType>String</DataType></Value></MessageAttribute></Message></ReceiveMessageResult></ReceiveMessageResponse>`: `{Messages: [{MessageId: i, Attributes: {n: "1"}, MessageAttributes: {m: {DataType: String}}}]}`,
		`<ListQueuesResponse><ListQueuesResult><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl></ListQueuesResult></ListQueuesResponse>`: `{QueueUrls: [a, b]}`,
		`<DeleteQueueResponse><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DeleteQueueResponse>`:                   `{}`,
	} {
		a := &answer{protocol: queryProtocol, status: 200, body: []byte(body)}
		a.decodeXML()
		value, err := parseObject(text)
		if err != nil {
			t.Fatal(err)
		}
		if diffs := check(&step{wants: []want{{kind: wantValue, value: value}}}, a, vars{}); len(diffs) > 0 {
			t.Errorf("%s: %v", body, diffs)
		}
	}
}
