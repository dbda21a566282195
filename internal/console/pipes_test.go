package console

import (
	"html"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
)

// newPipe makes a stopped pipe from the stream of the table orders to a function.
func newPipe(b *browser, source string) {
	b.t.Helper()
	v := &visit{c: b.c, r: b.request(), ns: defaultSpace}
	if err := run(v, pipesapi.Target, "CreatePipe", &pipesapi.CreatePipeRequest{
		Name: api.Some("changes"), Description: api.Some("<i>all changes</i>"), DesiredState: api.Some("STOPPED"),
		RoleArn: api.Some("arn:aws:iam::000000000000:role/any"), Source: api.Some(source),
		Target:     api.Some("arn:aws:lambda:us-east-1:000000000000:function:echo"),
		Enrichment: api.Some("arn:aws:lambda:us-east-1:000000000000:function:echo"),
		SourceParameters: &pipesapi.PipeSourceParameters{
			FilterCriteria:           &pipesapi.FilterCriteria{Filters: []pipesapi.Filter{{Pattern: api.Some(`{"eventName":["INSERT"]}`)}}},
			DynamoDBStreamParameters: &pipesapi.PipeSourceDynamoDBStreamParameters{StartingPosition: api.Some("TRIM_HORIZON")},
		},
		TargetParameters: &pipesapi.PipeTargetParameters{InputTemplate: api.Some(`{"boom": <$.dynamodb.Keys.id.S>}`)},
	}); err != nil {
		b.t.Fatal(err)
	}
}

// streamARN returns the stream of the table orders.
func streamARN(b *browser) string {
	b.t.Helper()
	v := &visit{c: b.c, r: b.request(), ns: defaultSpace}
	out, err := call[*streamsapi.ListStreamsOutput](v, streamsapi.Target, "ListStreams", &streamsapi.ListStreamsInput{})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Streams[0].StreamArn.V
}

// await asks for a page until it says a text.
func (b *browser) await(path, text string) {
	b.t.Helper()
	for range 20_000 { // much longer than it can take
		if b.get(path, 200); strings.Contains(b.page, text) {
			return
		}
		runtime.Gosched()
	}
	b.t.Fatalf("%s never says %q:\n%s", path, text, b.page)
}

func TestPipes(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	b.get(home+"pipes/", 200)
	b.says("aws pipes create-pipe", "arn:aws:levee:::sink/hook", html.EscapeString("https://hook.example/<b>"))
	newPipe(b, streamARN(b))
	b.get(home+"pipes/", 200)
	b.says("pipes/changes", "tables/orders/stream", "functions/echo", "Off")
	b.get(home+"functions/", 200)
	b.says("pipes/changes")

	at := home + "pipes/changes"
	b.get(at, 200)
	b.says(html.EscapeString("<i>all changes</i>"), html.EscapeString(`{"eventName":["INSERT"]}`), html.EscapeString(`{"boom": <$.dynamodb.Keys.id.S>}`), "TRIM_HORIZON", at+"/start")
	put(b, `{"id":{"S":"a"},"n":{"N":"1"}}`)
	b.post(at+"/start", url.Values{}, 303)
	b.await(at+"/progress", "errorMessage") // the function fails for what the template says
	if strings.Contains(b.page, "<html") {
		t.Error("the part is a whole page")
	}
	b.get(home+"pipe-rows", 200)
	b.says("errorMessage")
	b.get(home+"tables/orders/stream", 200)
	b.says("pipe changes", "shardId-", `id="positions"`)
	b.get(home+"tables/orders/positions", 200)
	b.says("pipe changes")

	b.get(at, 200)
	b.post(at+"/stop", url.Values{}, 303)
	b.post(at+"/nothing", url.Values{}, 404)
	b.post(at+"/delete", url.Values{"confirm": {"chang"}}, 422)
	b.post(at+"/delete", url.Values{"confirm": {"changes"}}, 303)
	b.get(at, 404)
}

// Shards that nobody reads are listed, too.
func TestPositionsWithoutReaders(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	b.get(home+"tables/orders/stream", 200)
	if n := strings.Count(b.page, "none of this server"); n == 0 || n != strings.Count(b.page, `<option value="shardId-`) {
		t.Errorf("%d shards without a reader\n%s", n, b.page)
	}
}

func TestCounters(t *testing.T) {
	b, _ := newHouse(t)
	orders(b)
	at := home + "tables/orders/counters"
	b.get(at, 200)
	b.says("levee.Counter{Name: \"orders-count\"")
	b.post(at+"/create", url.Values{"name": {"by-who"}, "group": {"who", ""}, "groupType": {"S", "S"}, "sum": {"total, total,"}, "f": {"n"}, "fop": {">"}, "ft": {"N"}, "fv": {"x"}}, 422)
	b.says(`value="by-who"`, `value="who"`, `value="total, total,"`)
	b.post(at+"/create", url.Values{"name": {"by-who"}, "group": {"who", ""}, "groupType": {"S", "S"}, "sum": {"total, total,"}, "f": {"n"}, "fop": {">"}, "ft": {"N"}, "fv": {"0"}}, 303)
	for _, item := range []string{`"n":{"N":"0"},"total":{"N":"100"}`, `"n":{"N":"1"},"total":{"N":"7"}`, `"n":{"N":"2"},"total":{"N":"0.5"}`} {
		put(b, `{"id":{"S":"a"},"who":{"S":"<b>"},`+item+`}`)
	}
	b.await(at, "exact")
	b.says(`<td class="mono">&lt;b&gt;</td><td class="mono">2</td><td class="mono">7.5</td>`, "who (S)", "#f &gt; :f", home+"tables/by-who")
	b.get(home+"tables/orders/counter-rows", 200)
	b.says("7.5")
	b.get(at, 200)
	b.post(at+"/delete", url.Values{"counter": {"by-who"}, "confirm": {"by"}}, 422)
	b.post(at+"/nothing", url.Values{}, 404)
	b.post(at+"/delete", url.Values{"counter": {"by-who"}, "confirm": {"by-who"}}, 303)
	b.get(at, 200)
	b.says("This table has no counter.")
}
