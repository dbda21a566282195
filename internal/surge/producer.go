package surge

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	batchSize     = 10        // messages in a request to the queue
	batchBytes    = 192 << 10 // bodies in a request: below the 256 KiB that services before 2025 accept
	progressEvery = 1000      // messages between two notes of a producer's progress
)

// sender is the one operation producers need of the queue.
type sender interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// producer sends the messages of one lane, in order.
type producer struct {
	lane
	queue    sender
	url      string
	pace     *pacer
	trouble  *trouble
	counters *counters
	save     func(context.Context, string, laneProgress) error
	// block is how many messages of everyday traffic are reserved at once.
	block int64
	// enough is closed when everyday traffic may end.
	enough <-chan struct{}

	done    laneProgress
	saved   int64
	pending []Message
	bytes   int
}

// run sends what earlier processes of the run have not noted as sent. It may send again what they sent without
// noting it: the queue, or later the consumers, recognize it.
func (p *producer) run(ctx context.Context) error {
	next := p.done.sent
	for m, err := range p.from(next) {
		if err != nil {
			return err
		}
		if p.everyday {
			if more, err := p.reserve(ctx, next); err != nil || !more {
				return err
			}
		}
		if err := p.add(ctx, m); err != nil {
			return err
		}
		next++
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	return p.note(ctx, 0)
}

// reserve notes that the message after the first n may be sent, and is false if everyday traffic ends here. What
// was reserved is always sent, by this process or the next, so that the run knows what it sent.
func (p *producer) reserve(ctx context.Context, n int64) (more bool, err error) {
	if n < p.done.reserved {
		return true, nil
	}
	if err := p.flush(ctx); err != nil {
		return false, err
	}
	select {
	case <-p.enough:
		return false, p.note(ctx, 0)
	default:
	}
	p.done.reserved = n + p.block
	return true, p.note(ctx, 0)
}

// add puts m in the pending batch. A batch never holds two messages of one chat: if the queue refused the first
// and accepted the second, their order would be lost.
func (p *producer) add(ctx context.Context, m Message) error {
	full := len(p.pending) == batchSize || p.bytes+len(m.Text) > batchBytes
	for i := range p.pending {
		full = full || p.pending[i].Chat == m.Chat
	}
	if full {
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	p.pending = append(p.pending, m)
	p.bytes += len(m.Text) + 512
	return nil
}

// flush sends the pending batch, and every now and then notes the progress.
func (p *producer) flush(ctx context.Context) error {
	if len(p.pending) == 0 {
		return ctx.Err()
	}
	if err := p.pace.wait(ctx, len(p.pending)); err != nil {
		return err
	}
	entries, err := p.entries()
	if err != nil {
		return err
	}
	accepted, err := p.send(ctx, entries)
	if err != nil {
		return err
	}
	p.count(int64(len(entries)))
	if p.trouble.strikes() {
		if err := p.sendAgain(ctx, entries, accepted); err != nil {
			return err
		}
	}
	p.pending, p.bytes = p.pending[:0], 0
	return p.note(ctx, progressEvery)
}

func (p *producer) count(n int64) {
	p.done.sent += n
	p.counters.sent.Add(n)
	if p.everyday {
		p.counters.everyday.Add(n)
	} else {
		p.counters.sentInSurge.Add(n)
	}
}

// note saves the progress if it is at least so many messages ahead of what was saved.
func (p *producer) note(ctx context.Context, ahead int64) error {
	if p.done.sent-p.saved < ahead {
		return nil
	}
	p.saved = p.done.sent
	return p.save(ctx, p.name, p.done)
}

// entries are the pending messages as the queue takes them, stamped with the time.
func (p *producer) entries() ([]types.SendMessageBatchRequestEntry, error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(p.pending))
	now := time.Now().UnixMicro()
	for i := range p.pending {
		m := &p.pending[i]
		m.Sent = now
		body, err := m.body()
		if err != nil {
			return nil, err
		}
		entries[i] = types.SendMessageBatchRequestEntry{
			Id:                     aws.String(strconv.Itoa(i)),
			MessageBody:            &body,
			MessageGroupId:         aws.String(groupID(m.Chat)),
			MessageDeduplicationId: aws.String(deduplicationID(m.Chat, m.Seq)),
		}
	}
	return entries, nil
}

// send hands the entries to the queue until it has accepted each, and returns the message ids by entry id. The
// entries are of different chats, so sending a refused one later changes no order.
func (p *producer) send(ctx context.Context, entries []types.SendMessageBatchRequestEntry) (map[string]string, error) {
	accepted := make(map[string]string, len(entries))
	left := slices.Clone(entries)
	for attempt := 0; len(left) > 0; attempt++ {
		if attempt == maxAttempts {
			return nil, fmt.Errorf("send: the queue refused a message %d times", maxAttempts)
		}
		if err := sleep(ctx, backoff(attempt)); err != nil {
			return nil, err
		}
		out, err := p.queue.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &p.url, Entries: left})
		if err != nil {
			return nil, fmt.Errorf("send: %w", err)
		}
		for _, ok := range out.Successful {
			accepted[aws.ToString(ok.Id)] = aws.ToString(ok.MessageId)
		}
		for _, f := range out.Failed {
			if f.SenderFault {
				return nil, fmt.Errorf("send: the queue refused a message: %s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
			}
		}
		left = slices.DeleteFunc(left, func(e types.SendMessageBatchRequestEntry) bool {
			_, ok := accepted[*e.Id]
			return ok
		})
		p.counters.retried.Add(int64(len(left)))
	}
	return accepted, nil
}

// maxAttempts bounds what is tried again after an error of the service, with the waits of backoff: about a minute.
const maxAttempts = 40

// sendAgain plays the producer that did not hear that its send had succeeded. A queue that suppresses the
// duplicate answers with the id of the first message.
func (p *producer) sendAgain(ctx context.Context, entries []types.SendMessageBatchRequestEntry, first map[string]string) error {
	again, err := p.send(ctx, entries)
	if err != nil {
		return err
	}
	for id, message := range again {
		p.counters.resent.Add(1)
		if message == first[id] {
			p.counters.suppressed.Add(1)
		}
	}
	return nil
}

// backoff is the wait before an attempt, counted from zero: none, then doubling up to two seconds.
func backoff(attempt int) time.Duration {
	if attempt == 0 {
		return 0
	}
	return min(time.Millisecond<<min(attempt, 11), 2*time.Second)
}
