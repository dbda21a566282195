package surge

import (
	"context"
	"time"
)

const (
	batchSize     = 10        // messages in a request to the queue
	batchBytes    = 192 << 10 // bodies in a request: below the 256 KiB that services before 2025 accept
	progressEvery = 1000      // messages between two notes of a producer's progress
)

// producer sends the messages of one lane, in order.
type producer struct {
	lane
	outlet   outlet
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

// flush hands over the pending batch, and every now and then notes the progress.
func (p *producer) flush(ctx context.Context) error {
	if len(p.pending) == 0 {
		return ctx.Err()
	}
	if err := p.pace.wait(ctx, len(p.pending)); err != nil {
		return err
	}
	for i := range p.pending {
		p.pending[i].Sent = time.Now().UnixMicro()
	}
	ids, err := p.outlet.hand(ctx, p.pending)
	if err != nil {
		return err
	}
	p.count(int64(len(p.pending)))
	if p.trouble.strikes() {
		if err := p.handAgain(ctx, ids); err != nil {
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

// maxAttempts bounds what is tried again after an error of the service, with the waits of backoff: about a minute.
const maxAttempts = 40

// handAgain plays the producer that did not hear that it had succeeded. A queue that suppresses the duplicate answers
// with the id of the first message.
func (p *producer) handAgain(ctx context.Context, first []string) error {
	again, err := p.outlet.hand(ctx, p.pending)
	if err != nil {
		return err
	}
	for i, id := range again {
		p.counters.resent.Add(1)
		if id != "" && id == first[i] {
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
