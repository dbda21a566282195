package surge

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// fakeQueue accepts messages, suppresses duplicates, and refuses what refuse says.
type fakeQueue struct {
	ids    map[string]string // message ids by deduplication id
	groups map[string][]string
	refuse func(entry int) *types.BatchResultErrorEntry
	forget bool // duplicates are not suppressed
	calls  int
}

func newFakeQueue() *fakeQueue {
	return &fakeQueue{ids: map[string]string{}, groups: map[string][]string{}}
}

func (q *fakeQueue) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	q.calls++
	out := &sqs.SendMessageBatchOutput{}
	for i, e := range in.Entries {
		if q.refuse != nil {
			if f := q.refuse(i); f != nil {
				f.Id = e.Id
				out.Failed = append(out.Failed, *f)
				continue
			}
		}
		id, seen := q.ids[*e.MessageDeduplicationId]
		if !seen || q.forget {
			id = fmt.Sprint("id", len(q.ids), q.calls)
			q.ids[*e.MessageDeduplicationId] = id
			q.groups[*e.MessageGroupId] = append(q.groups[*e.MessageGroupId], *e.MessageBody)
		}
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id, MessageId: &id})
	}
	return out, nil
}

// received are the sequence numbers in a group, in order.
func (q *fakeQueue) received(t *testing.T, group string) []int64 {
	t.Helper()
	var seqs []int64
	for _, body := range q.groups[group] {
		m, err := parseMessage(body)
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

func newTestProducer(q *fakeQueue, ms []Message, share float64) *producer {
	counters := &counters{}
	return &producer{
		lane: lane{name: "test", from: func(start int64) iter.Seq2[Message, error] {
			return sequence(start, int64(len(ms)), func(i int64) Message { return ms[i] })
		}},
		trouble: newTrouble(share, 1, 1), counters: counters,
		outlet: &queueOutlet{queue: q, groups: true, counters: counters},
		save:   func(context.Context, string, laneProgress) error { return nil },
	}
}

// interleaved are n messages of each of the chats, in turn.
func interleaved(chats int, n int64) []Message {
	var ms []Message
	for seq := range n {
		for c := range chats {
			ms = append(ms, chatMessages(fmt.Sprint("chat", c), n)[seq])
		}
	}
	return ms
}

func TestProducerSendsInOrder(t *testing.T) {
	q := newFakeQueue()
	p := newTestProducer(q, interleaved(15, 4), 0.5)
	if err := p.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for c := range 15 {
		if got := q.received(t, fmt.Sprint("co/chat", c)); !slices.Equal(got, []int64{1, 2, 3, 4}) {
			t.Errorf("chat %d: %v", c, got)
		}
	}
	k := p.counters
	if k.sent.Load() != 60 || k.resent.Load() == 0 || k.resent.Load() != k.suppressed.Load() {
		t.Errorf("sent %d, repeated %d, suppressed %d", k.sent.Load(), k.resent.Load(), k.suppressed.Load())
	}
}

func TestProducerSeesDuplicatesLetThrough(t *testing.T) {
	q := newFakeQueue()
	q.forget = true
	p := newTestProducer(q, interleaved(15, 4), 0.5)
	if err := p.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if k := p.counters; k.suppressed.Load() != 0 || duplicatesLine(k, FIFO).OK {
		t.Errorf("suppressed %d of %d", k.suppressed.Load(), k.resent.Load())
	}
}

// Messages of one chat are never in one request, so that a refused entry cannot be overtaken.
func TestRefusedEntriesKeepTheirOrder(t *testing.T) {
	q := newFakeQueue()
	n := 0
	q.refuse = func(int) *types.BatchResultErrorEntry {
		if n++; n%3 == 0 {
			return &types.BatchResultErrorEntry{Code: aws.String("InternalError")}
		}
		return nil
	}
	p := newTestProducer(q, interleaved(3, 20), 0)
	if err := p.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		got := q.received(t, fmt.Sprint("co/chat", c))
		if !slices.IsSorted(got) || len(got) != 20 {
			t.Errorf("chat %d: %v", c, got)
		}
	}
}

func TestSenderFaultEndsTheRun(t *testing.T) {
	q := newFakeQueue()
	q.refuse = func(int) *types.BatchResultErrorEntry {
		return &types.BatchResultErrorEntry{Code: aws.String("InvalidParameterValue"), SenderFault: true}
	}
	if err := newTestProducer(q, interleaved(3, 2), 0).run(context.Background()); err == nil || q.calls != 1 {
		t.Errorf("%d calls, error %v", q.calls, err)
	}
}

// A producer that died sends again what it had not noted, and nothing is missing.
func TestProducerGoesOn(t *testing.T) {
	q := newFakeQueue()
	ms := interleaved(20, 150)
	died := errors.New("died")
	var noted laneProgress
	first := newTestProducer(q, ms, 0)
	first.save = func(_ context.Context, _ string, l laneProgress) error {
		if l.sent > 2000 {
			return died
		}
		noted = l
		return nil
	}
	if err := first.run(context.Background()); err != died {
		t.Fatal(err)
	}
	if noted.sent < progressEvery || noted.sent > 2000 {
		t.Fatalf("noted %d", noted.sent)
	}
	second := newTestProducer(q, ms, 0)
	second.done, second.saved = noted, noted.sent
	if err := second.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for c := range 20 {
		if got := q.received(t, fmt.Sprint("co/chat", c)); len(got) != 150 || !slices.IsSorted(got) {
			t.Fatalf("chat %d: %v", c, got)
		}
	}
}

// Everyday traffic ends at the end of a block it has reserved, and never sends what is not reserved.
func TestEverydayTrafficIsReserved(t *testing.T) {
	q := newFakeQueue()
	p := newTestProducer(q, nil, 0)
	enough := make(chan struct{})
	p.from = func(start int64) iter.Seq2[Message, error] { return sequence(start, -1, smallPlan().talk) }
	p.everyday, p.block, p.enough = true, 25, enough
	blocks := 0
	p.save = func(_ context.Context, _ string, l laneProgress) error {
		if l.sent > int64(25*blocks) {
			t.Errorf("%d sent, %d reserved", l.sent, 25*blocks)
		}
		if l.reserved > int64(25*blocks) {
			if blocks++; blocks == 4 {
				close(enough)
			}
		}
		return nil
	}
	if err := p.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if p.done.sent != 100 || p.done.reserved != 100 || len(q.ids) != 100 {
		t.Errorf("sent %d, reserved %d, in the queue %d", p.done.sent, p.done.reserved, len(q.ids))
	}
}
