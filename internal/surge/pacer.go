package surge

import (
	"context"
	"sync"
	"time"
)

// pacer holds a flow to a rate. Its users share the rate; a nil pacer is no limit.
type pacer struct {
	every time.Duration // per message

	mu struct {
		sync.Mutex
		next time.Time // when the next message may go; guarded by mu
	}
}

// newPacer allows perSecond messages a second; zero is no limit.
func newPacer(perSecond int) *pacer {
	if perSecond <= 0 {
		return nil
	}
	return &pacer{every: time.Second / time.Duration(perSecond)}
}

// wait returns when n more messages may go. Time in which nobody sent is not saved up.
func (p *pacer) wait(ctx context.Context, n int) error {
	if p == nil {
		return ctx.Err()
	}
	return sleep(ctx, p.reserve(time.Now(), n))
}

func (p *pacer) reserve(now time.Time, n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.next.Before(now) {
		p.mu.next = now
	}
	at := p.mu.next
	p.mu.next = at.Add(time.Duration(n) * p.every)
	return at.Sub(now)
}

// sleep waits for d, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
