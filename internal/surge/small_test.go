package surge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func TestHistogram(t *testing.T) {
	var h histogram
	dice := rand.New(rand.NewPCG(1, 2))
	var all []time.Duration
	for range 20_000 {
		d := time.Duration(dice.ExpFloat64() * float64(time.Second)).Truncate(time.Microsecond)
		all = append(all, d)
		h.record(d, 1)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
		exact, got := all[max(int(q*20_000)-1, 0)], h.quantile(q)
		if diff := float64(got-exact) / float64(exact); diff < 0 || diff > 1.0/buckets {
			t.Errorf("quantile %v: %v, exact %v", q, got, exact)
		}
	}
	if h.longest() != all[len(all)-1] || h.count() != 20_000 {
		t.Errorf("longest %v, count %d", h.longest(), h.count())
	}
}

func TestHistogramBuckets(t *testing.T) {
	for _, v := range []uint64{0, 1, 31, 32, 33, 63, 64, 65, 1000, 1 << 40, 1<<63 - 1} {
		i := bucketOf(v)
		if v > upperBound(i) || i > 0 && v <= upperBound(i-1) {
			t.Errorf("%d is in bucket %d, which ends with %d", v, i, upperBound(i))
		}
	}
	var h histogram
	h.record(-time.Second, 1)
	if h.quantile(0.5) != 0 {
		t.Error("a negative duration is not zero")
	}
}

func TestPacer(t *testing.T) {
	p := newPacer(100)
	now := time.Unix(0, 0)
	for i, want := range []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond} {
		if got := p.reserve(now, 10); got != want {
			t.Errorf("batch %d of 10 waits %v, want %v", i, got, want)
		}
	}
	if got := p.reserve(now.Add(time.Hour), 10); got != 0 {
		t.Errorf("after a pause: waits %v", got)
	}
	if got := p.reserve(now.Add(time.Hour), 10); got != 100*time.Millisecond {
		t.Errorf("the pause was saved up: waits %v", got)
	}
	if newPacer(0).wait(context.Background(), 1000) != nil {
		t.Error("no limit waits")
	}
}

func TestCrew(t *testing.T) {
	c := newCrew(context.Background())
	want := errors.New("first")
	c.start(func(ctx context.Context) error { <-ctx.Done(); return errors.New("late") })
	c.start(func(context.Context) error { return want })
	if err := c.wait(); err != want {
		t.Errorf("error %v", err)
	}
	c = newCrew(context.Background())
	c.start(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	if err := c.dismiss(); err != nil {
		t.Errorf("a dismissed crew fails: %v", err)
	}
}

func TestTroubleShare(t *testing.T) {
	never, some := newTrouble(0, 1, 1), newTrouble(0.1, 1, 1)
	fates := map[fate]int{}
	for range 10_000 {
		if never.strikes() || never.fate() != survives {
			t.Fatal("trouble that is off strikes")
		}
		fates[some.fate()]++
	}
	for f := diesBefore; f < fateOutcomes; f++ {
		if fates[f] < 200 || fates[f] > 500 {
			t.Errorf("fate %d: %d of 10,000, want about 333", f, fates[f])
		}
	}
}

// A lost reply is a time-out to the SDK, which sends again: the service sees the request twice.
func TestLostReply(t *testing.T) {
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		fmt.Fprint(w, `{"QueueUrl":"q"}`)
	}))
	defer srv.Close()
	c, err := connect(context.Background(), srv.URL, true, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	in := &sqs.GetQueueUrlInput{QueueName: aws.String("q")}
	if _, err := c.queues.GetQueueUrl(loseReply(context.Background()), in); err != nil || requests != 2 {
		t.Errorf("%d requests, error %v; want the second to be answered", requests, err)
	}
	requests = 0
	_, err = c.queues.GetQueueUrl(loseReply(context.Background()), in, func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
	if !errors.As(err, new(errReplyLost)) || requests != 1 {
		t.Errorf("%d requests, error %v; want a lost reply", requests, err)
	}
}

func TestShardsAfterTheirParents(t *testing.T) {
	shard := func(id, parent string) streamtypes.Shard {
		s := streamtypes.Shard{ShardId: &id}
		if parent != "" {
			s.ParentShardId = &parent
		}
		return s
	}
	r := newPropagator(nil, names{}, &counters{}, progress{}, map[string]checkpoint{"b": {ended: true, count: 7}, "e": {count: 2}})
	shards := []streamtypes.Shard{
		shard("a", ""), shard("a1", "a"), // the parent is not done
		shard("b", ""), shard("b1", "b"), // done: not again, but its child
		shard("c1", "c"), // the parent has left the stream
		shard("d", ""),   // followed already
		shard("e", ""),   // begun by an earlier process
	}
	got := r.ready(shards, map[string]bool{"d": true})
	if want := []string{"a", "b1", "c1", "e"}; !slices.Equal(got, want) {
		t.Errorf("ready %q, want %q", got, want)
	}
	if n := r.counters.propagated.Load(); n != 9 {
		t.Errorf("propagated by earlier processes: %d", n)
	}
}

func TestViewFitsItsWidth(t *testing.T) {
	v := view{
		title: "surge 1: 30 companies × 250 chats, 16 consumers", phase: "draining", elapsed: 83 * time.Second, planned: 212_345,
		sent: 212_345, stored: 101_200, propagated: 99_000, storedRate: 9870, waiting: 111_145, inFlight: 160, oldest: 8200 * time.Millisecond,
	}
	for _, width := range []int{40, 60, 80, 200} {
		for _, l := range v.lines(width) {
			if n := utf8.RuneCountInString(l); n >= width {
				t.Errorf("width %d: %d characters: %s", width, n, l)
			}
		}
	}
	lines := v.lines(80)
	full, half := strings.Count(lines[1], "█"), strings.Count(lines[2], "█")
	if strings.Contains(lines[1], "░") || half == 0 || half >= full {
		t.Errorf("bars do not follow the figures:\n%s", strings.Join(lines, "\n"))
	}
	if p := v.plain(); strings.ContainsAny(p, "\n\x1b") || !strings.Contains(p, "101,200") {
		t.Errorf("plain line %q", p)
	}
}

func TestPainterRedrawsInPlace(t *testing.T) {
	var b bytes.Buffer
	p := &painter{w: &b}
	p.paint([]string{"one", "two"})
	if strings.Contains(b.String(), "A") {
		t.Errorf("the first drawing moves up: %q", b.String())
	}
	b.Reset()
	p.paint([]string{"one", "two"})
	if !strings.HasPrefix(b.String(), "\x1b[2A\rone\x1b[K\n") {
		t.Errorf("the second drawing: %q", b.String())
	}
}

func TestRates(t *testing.T) {
	r := &rates{}
	start := time.Unix(0, 0)
	var stored float64
	for i := range 20 {
		_, stored, _ = r.add(sample{at: start.Add(time.Duration(i) * 500 * time.Millisecond), stored: int64(i) * 500})
	}
	if stored != 1000 || len(r.samples) > 6 {
		t.Errorf("%v/s of %d samples, want 1000/s", stored, len(r.samples))
	}
}

func TestFigures(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := group(n); got != want {
			t.Errorf("group(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestValidate(t *testing.T) {
	good := DefaultConfig()
	good.Endpoint = "http://localhost:1"
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"no endpoint":        func(c *Config) { c.Endpoint = "" },
		"no messages":        func(c *Config) { c.Messages = 0 },
		"negative companies": func(c *Config) { c.Companies = -1 },
		"too much trouble":   func(c *Config) { c.Trouble = 0.6 },
		"negative rate":      func(c *Config) { c.Rate = -1 },
		"no consumers":       func(c *Config) { c.Consumers = 0 },
		"no visibility":      func(c *Config) { c.Visibility = 0 },
	} {
		c := good
		spoil(&c)
		if c.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
