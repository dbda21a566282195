package template_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/pipeline/template"
)

// message is the event of the documentation's examples, as a queue gives it.
const message = `{"messageId":"5e8d1a2b","body":"{\"key\":\"va\\\"lue\",\"n\":1.50,\"Records\":[{\"id\":1},{\"id\":2},{\"x\":3},{\"id\":4}],\"o\":{\"b\":1,\"a\":2}}",` +
	`"attributes":{"SenderId":"AIDA","X-Y_z":"dash"},"eventSource":"aws:sqs"}`

var vars = &template.Vars{
	PipeARN: "arn:p", PipeName: "p", SourceARN: "arn:s", EnrichmentARN: "arn:e", TargetARN: "arn:t",
	Ingested: time.Date(2024, 5, 6, 7, 8, 9, 10e6, time.FixedZone("", 3600)),
}

func fill(t *testing.T, text, event string) string {
	t.Helper()
	tpl, err := template.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got, err := tpl.Fill(template.NewEvent([]byte(event), "body"), vars)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(got)
}

// The kinds of templates that the documentation lists, and the reserved variables.
func TestFill(t *testing.T) {
	whole := strings.Replace(message, message[strings.Index(message, `"{`):strings.Index(message, `,"attributes`)],
		`{"key":"va\"lue","n":1.50,"Records":[{"id":1},{"id":2},{"x":3},{"id":4}],"o":{"b":1,"a":2}}`, 1)
	for _, c := range []struct{ text, want string }{
		{`Hello, sender`, `Hello, sender`},
		{`"Hello, sender"`, `"Hello, sender"`},
		{`<$.attributes.SenderId>`, `AIDA`},
		{`"Hello, <$.attributes.SenderId>"`, `"Hello, AIDA"`},
		{`{"key1":"value1","key2":"value2"}`, `{"key1":"value1","key2":"value2"}`},
		{`{"key2":<$.body.key>,"d":<aws.pipes.event.ingestion-time>}`, `{"key2":"va\"lue","d":"2024-05-06T06:08:09.010Z"}`},
		{`{"key2":"<$.body.key>"}`, `{"key2":"va\"lue"}`},
		{`{"key2":<$.body.Records[3]>}`, `{"key2":{"id":4}}`},
		{`{"all":<$.body.Records[*].id>,"n":<$.body.n>}`, `{"all":[1,2,4],"n":1.50}`},
		{`{"o":<$.body.o>,"text":"<$.body.o>"}`, `{"o":{"b":1,"a":2},"text":"{\"b\":1,\"a\":2}"}`},
		{`{"dash":<$.attributes.X-Y_z>}`, `{"dash":"dash"}`},
		{`{"none":<$.absent.x>,"text":"[<$.absent>]"}`, `{"none":null,"text":"[]"}`},
		{`none: <$.absent>`, `none: `},
		{`{"a":"<aws.pipes.pipe-arn> <aws.pipes.pipe-name> <aws.pipes.source-arn>","b":<aws.pipes.enrichment-arn>,"c":<aws.pipes.target-arn>}`,
			`{"a":"arn:p p arn:s","b":"arn:e","c":"arn:t"}`},
		{`<aws.pipes.event>`, message},
		{`<aws.pipes.event.json>`, whole},
		{`{"e":<aws.pipes.event.json>}`, `{"e":` + whole + `}`},
		{`{"q":"\"<$.attributes.SenderId>","p":<$.attributes.SenderId>}`, `{"q":"\"AIDA","p":"AIDA"}`},
		{`a < b <b> <$.messageId>`, `a < b <b> 5e8d1a2b`},
	} {
		if got := fill(t, c.text, message); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// A body that is not JSON is the text that it is.
func TestBodyThatIsText(t *testing.T) {
	const event = `{"body":"{not json"}`
	if got := fill(t, `{"b":<$.body>,"k":<$.body.key>,"e":<aws.pipes.event.json>}`, event); got != `{"b":"{not json","k":null,"e":`+event+`}` {
		t.Errorf("got %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{`<aws.pipes.events>`, `<$.a..b>`, `<$.a[x]>`, `<$[0]>`, `<$.a b>`, `<$x>`, strings.Repeat("x", 8193), "<$" + strings.Repeat(".a", 33) + ">"} {
		if _, err := template.Parse(text); err == nil {
			t.Errorf("%.40s is taken", text)
		}
	}
}

// What a template becomes is bounded, however often it repeats the event.
func TestOutputIsBounded(t *testing.T) {
	tpl, err := template.Parse(strings.Repeat("<$.x>", 1000))
	if err != nil {
		t.Fatal(err)
	}
	event, _ := json.Marshal(map[string]string{"x": strings.Repeat("x", 256<<10)})
	if _, err := tpl.Fill(template.NewEvent(event, ""), vars); err != template.ErrTooLarge {
		t.Errorf("err = %v", err)
	}
}

func FuzzFill(f *testing.F) {
	f.Add(`{"a":"<$.body.key>","b":<$.body.Records[*].id>}`, message)
	f.Add(`<aws.pipes.event.json>`, `{"body":"{}"}`)
	f.Fuzz(func(t *testing.T, text, event string) {
		tpl, err := template.Parse(text)
		if err != nil || !json.Valid([]byte(event)) {
			return
		}
		_, _ = tpl.Fill(template.NewEvent([]byte(event), "body"), vars)
	})
}

// A template that asks for as many values as it can takes an event apart once.
func TestEventIsTakenApartOnce(t *testing.T) {
	tpl, err := template.Parse(strings.Repeat("<$.body.a>", template.MaxLength/10))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(`{"none":[` + strings.Repeat("1,", 50_000) + `1]}`)
	event := []byte(`{"body":` + string(body) + `}`)
	if n := testing.AllocsPerRun(1, func() {
		if _, err := tpl.Fill(template.NewEvent(event, "body"), vars); err != nil {
			t.Fatal(err)
		}
	}); n > 1000 {
		t.Errorf("%v allocations", n)
	}
}
