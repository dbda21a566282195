package surge

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func newTestConsumer(f *fakeTables) *consumer {
	return &consumer{storer: storer{
		names: namesOf(1, FIFO), tables: f, trouble: newTrouble(0, 1, 1), counters: &counters{},
		calm: func() bool { return false },
	}}
}

func mustStore(t *testing.T, c *consumer, ds []*delivery) {
	t.Helper()
	done, err := c.store(context.Background(), ds, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != len(ds) {
		t.Fatalf("%d of %d deliveries done", len(done), len(ds))
	}
}

func TestStoreInOneTransaction(t *testing.T) {
	f := newFakeTables()
	calls := 0
	f.before = func(in *dynamodb.TransactWriteItemsInput) error {
		calls++
		// Two chats with 5 messages each: their rows, the messages, 3 badges each, and the 2 managers once.
		if n := len(in.TransactItems); n != 2+10+6+2 {
			t.Errorf("%d actions", n)
		}
		return nil
	}
	c := newTestConsumer(f)
	a, b := chatMessages("a", 5), chatMessages("b", 5)
	mustStore(t, c, deliver(append(slices.Clone(a), b...), 1))
	if calls != 1 {
		t.Errorf("%d transactions", calls)
	}
	tl := f.tally(c.names, append(a, b...))
	if got := failed(tl.lines(10, FIFO)); got != "" {
		t.Errorf("audit fails: %s", got)
	}
	if n := tl.managers["co/m1"]; n != 10 {
		t.Errorf("manager badge is %d", n)
	}
	if n := c.counters.stored.Load(); n != 10 {
		t.Errorf("stored counter is %d", n)
	}
}

func TestRedeliveryIsDropped(t *testing.T) {
	f := newFakeTables()
	c := newTestConsumer(f)
	ms := chatMessages("a", 9)
	mustStore(t, c, deliver(ms[:4], 1))
	mustStore(t, c, deliver(ms[:4], 2))  // all of it again
	mustStore(t, c, deliver(ms[2:7], 2)) // half of it again
	mustStore(t, c, deliver(ms[7:], 1))
	if n := c.counters.duplicates.Load(); n != 6 {
		t.Errorf("%d duplicates, want 6", n)
	}
	if got := failed(f.tally(c.names, ms).lines(9, FIFO)); got != "" {
		t.Errorf("audit fails: %s", got)
	}
}

func TestMessageTwiceInOneReceive(t *testing.T) {
	f := newFakeTables()
	c := newTestConsumer(f)
	ms := chatMessages("a", 3)
	mustStore(t, c, deliver([]Message{ms[0], ms[1], ms[1], ms[2]}, 1))
	if n := c.counters.duplicates.Load(); n != 1 {
		t.Errorf("%d duplicates, want 1", n)
	}
	if got := failed(f.tally(c.names, ms).lines(3, FIFO)); got != "" {
		t.Errorf("audit fails: %s", got)
	}
}

// A queue that reorders is not repaired, and not hidden: everything is stored once, and the audit sees the order.
func TestReorderedDeliveryIsStoredAndSeen(t *testing.T) {
	f := newFakeTables()
	c := newTestConsumer(f)
	ms := chatMessages("a", 4)
	mustStore(t, c, deliver(ms[:1], 1))
	mustStore(t, c, deliver(ms[2:], 1))
	mustStore(t, c, deliver(ms[1:2], 1))
	mustStore(t, c, deliver(ms[2:], 2))
	tl := f.tally(c.names, ms)
	if got := failed(tl.lines(4, FIFO)); got != "order" {
		t.Errorf("failed lines: %q, want order alone", got)
	}
	if n := tl.reordered().n; n != 2 {
		t.Errorf("%d messages out of order, want 2: the third and fourth came before the second", n)
	}
}

// Two consumers hold the same messages when the visibility timeout passed while the first was at work.
func TestTwoConsumersOfOneChat(t *testing.T) {
	f := newFakeTables()
	ms := chatMessages("a", 60)
	var wg sync.WaitGroup
	for i := range 8 {
		c := newTestConsumer(f)
		wg.Go(func() {
			for at := 0; at < len(ms); at += 10 {
				if _, err := c.store(context.Background(), deliver(ms[at:at+10], i), false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := failed(f.tally(namesOf(1, FIFO), ms).lines(60, FIFO)); got != "" {
		t.Errorf("audit fails: %s", got)
	}
}

func TestConflictIsTriedAgain(t *testing.T) {
	f := newFakeTables()
	c := newTestConsumer(f)
	ms := chatMessages("a", 2)
	var tokens []string
	f.before = func(in *dynamodb.TransactWriteItemsInput) error {
		tokens = append(tokens, *in.ClientRequestToken)
		if len(tokens) > 2 {
			return nil
		}
		reasons := slices.Repeat([]types.CancellationReason{{Code: aws.String("None")}}, len(in.TransactItems))
		reasons[len(reasons)-1].Code = aws.String("TransactionConflict")
		return &types.TransactionCanceledException{CancellationReasons: reasons}
	}
	mustStore(t, c, deliver(ms, 1))
	if len(tokens) != 3 || tokens[0] != tokens[1] || len(tokens[0]) > 36 {
		t.Errorf("tokens %q: want the same three times, of at most 36 characters", tokens)
	}
	if n := c.counters.conflicts.Load(); n != 2 {
		t.Errorf("%d conflicts", n)
	}
}

func TestHopelessCancellation(t *testing.T) {
	f := newFakeTables()
	f.before = func(in *dynamodb.TransactWriteItemsInput) error {
		reasons := slices.Repeat([]types.CancellationReason{{Code: aws.String("None")}}, len(in.TransactItems))
		reasons[0] = types.CancellationReason{Code: aws.String("ItemCollectionSizeLimitExceeded"), Message: aws.String("too large")}
		return &types.TransactionCanceledException{CancellationReasons: reasons}
	}
	c := newTestConsumer(f)
	done, err := c.store(context.Background(), deliver(chatMessages("a", 2), 1), false)
	if err == nil || len(done) != 0 || c.counters.stored.Load() != 0 {
		t.Errorf("done %d, error %v", len(done), err)
	}
}

func TestTokenIsOfTheDelivery(t *testing.T) {
	ms := chatMessages("a", 3)
	token := func(ms []Message, receives int) string {
		return parcels(namesOf(1, FIFO), deliver(ms, receives))[0].token()
	}
	if token(ms, 1) != token(ms, 1) {
		t.Error("the token of the same delivery changes")
	}
	if token(ms, 1) == token(ms, 2) {
		t.Error("a redelivery has the token of the first delivery")
	}
	if token(ms, 1) == token(ms[:2], 1) {
		t.Error("other messages have the same token")
	}
}

func TestParcelsFitTransactions(t *testing.T) {
	var ds []*delivery
	for i := range 10 {
		ms := chatMessages(fmt.Sprint("chat", i), 1)
		for j := range maxMembers {
			name := fmt.Sprintf("co/x%d-%d", i, j)
			if j < 3 {
				ms[0].Members[j] = name
			} else {
				ms[0].Members = append(ms[0].Members, name)
			}
		}
		ms[0].Managers = ms[0].Members
		ds = append(ds, deliver(ms, 1)...)
	}
	stored := 0
	for _, p := range parcels(namesOf(1, FIFO), ds) {
		items, owners := p.actions()
		if len(items) > maxActions || len(items) != len(owners) {
			t.Fatalf("%d actions, %d owners", len(items), len(owners))
		}
		p.settle()
		stored += len(p.stored)
	}
	if stored != 10 {
		t.Errorf("%d messages in the parcels", stored)
	}
}
