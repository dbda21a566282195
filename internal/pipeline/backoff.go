package pipeline

import (
	"context"
	"time"
)

// backoff is how long to wait after failures in a row: from half a second, twice as
// long each time, up to half a minute. The service does not say what it does.
type backoff struct{ failures int }

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// wait waits for longer than the time before, and reports whether ctx still lives.
func (b *backoff) wait(ctx context.Context) bool {
	d := maxBackoff
	if b.failures < 6 {
		d = firstBackoff << b.failures
	}
	b.failures++
	return Sleep(ctx, d)
}

func (b *backoff) reset() { b.failures = 0 }

// Sleep waits, and reports whether the time passed before ctx ended.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
