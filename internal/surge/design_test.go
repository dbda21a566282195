package surge

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func newTestDirect(f *fakeTables, share float64) *direct {
	return &direct{storer: storer{
		names: namesOf(1, Direct), tables: f, trouble: newTrouble(share, 1, 1), counters: &counters{},
		calm: func() bool { return false },
	}}
}

// A producer that writes straight to the tables repeats what it does not know to be stored, and stores it once.
func TestDirectProducerIsIdempotent(t *testing.T) {
	f := newFakeTables()
	d := newTestDirect(f, 0.5)
	sent := interleaved(10, 20)
	for ms := range slices.Chunk(sent, 10) {
		for range 2 {
			if _, err := d.hand(context.Background(), ms); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := failed(f.tally(d.names, sent).lines(200, Direct)); got != "" {
		t.Errorf("audit fails: %s", got)
	}
	if n := d.counters.duplicates.Load(); n < 200 {
		t.Errorf("%d duplicates, want 200 and those of producers that died", n)
	}
}

func TestDirectProducerGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f, want := newFakeTables(), errors.New("no table")
	tries := 0
	f.before = func(*dynamodb.TransactWriteItemsInput) error {
		if tries++; tries == 3 {
			cancel()
		}
		return want
	}
	if _, err := newTestDirect(f, 0).hand(ctx, chatMessages("a", 1)); !errors.Is(err, context.Canceled) || tries != 3 {
		t.Errorf("%d tries, error %v", tries, err)
	}
}

// What does not promise an order is not measured by it, and says what was.
func TestOrderIsAskedOfThoseWhoPromiseIt(t *testing.T) {
	f := newFakeTables()
	c := newTestConsumer(f)
	ms := chatMessages("a", 3)
	for _, i := range []int{0, 2, 1} {
		mustStore(t, c, deliver(ms[i:i+1], 1))
	}
	for _, d := range Designs {
		l := f.tally(c.names, ms).orderLine(d)
		if l.OK != (d == Lambda) || l.Unpromised != (d == Lambda) || !strings.Contains(l.Text, "1 messages out of order") {
			t.Errorf("%s: %+v", d, l)
		}
	}
}

// Actions without conditions would count a message twice if they were carried out twice.
func TestBareActionsHaveNoGuard(t *testing.T) {
	f := newFakeTables()
	n := namesOf(1, ExactlyOnce)
	ms := chatMessages("a", 2)
	for i, m := range []Message{ms[0], ms[1], ms[1]} {
		p := &parcel{names: n, bare: true, chats: []*chatRun{{chat: m.Chat, messages: deliver([]Message{m}, 1), before: m.Seq - 1}}}
		items, _ := p.actions()
		token := string(rune('a' + i))
		if _, err := f.TransactWriteItems(context.Background(), &dynamodb.TransactWriteItemsInput{TransactItems: items, ClientRequestToken: &token}); err != nil {
			t.Fatal(err)
		}
	}
	if got := failed(f.tally(n, ms).lines(2, ExactlyOnce)); got != "doubled, chat counts, chat badges, manager badges" {
		t.Errorf("failed lines: %q", got)
	}
}

func TestRecordOfASeries(t *testing.T) {
	one := Plan{Messages: 5, Design: Direct, Series: true}
	next := one
	next.Design = Lambda
	for name, tt := range map[string]struct {
		plan Plan
		done int
		want int
	}{
		"goes on":            {next, 1, 1},
		"is over":            {one, len(Designs), 0},
		"single run":         {Plan{Messages: 5, Design: Lambda}, 1, 0},
		"other settings":     {Plan{Messages: 6, Design: Lambda, Series: true}, 1, 0},
		"the first, not yet": {one, 0, 0},
	} {
		r := record{Run: 1, Plan: one, Reports: make([]*Report, tt.done)}
		if got := len(r.reportsOf(tt.plan)); got != tt.want {
			t.Errorf("%s: %d reports, want %d", name, got, tt.want)
		}
	}
}

func TestComparisonText(t *testing.T) {
	all := &Comparison{}
	for _, d := range Designs {
		r := &Report{OK: true, Design: d, Audit: []Line{{Name: "lost", OK: true}, {Name: "order", OK: true, Unpromised: !d.ordered(), Text: "not promised"}}}
		if d == FIFO {
			r.Audit[0] = Line{Name: "lost", Text: "3 messages", Examples: []string{"chat a"}}
		}
		all.Designs = append(all.Designs, r)
	}
	var b bytes.Buffer
	if err := all.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"direct        lambda          fifo  exactly-once\n", "–", "✗ fifo, lost: 3 messages\n      chat a\n", "NOT held"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestDesignsNeedWhatTheyStandOn(t *testing.T) {
	c := DefaultConfig()
	c.Endpoint = "http://localhost:1"
	for d, want := range map[Design]string{Lambda: "funcs of this process", ExactlyOnce: "exactly once", "none": "must be one of direct, lambda, fifo, exactly-once"} {
		c.Design = d
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", d, err)
		}
	}
}
