package surge

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// direct is the design without a queue: what a producer hands over is stored while it waits.
type direct struct {
	storer
	tries int // of handing over; each has tokens of its own
}

func (r *run) newDirect(i int) *direct {
	d := &direct{storer: r.newStorer(uint64(i) | 1<<34)}
	d.calm = func() bool { return false } // a producer that has ended has no trouble
	return d
}

// hand stores the messages, again and again until each is stored: a producer that dies is followed by one that does not
// know how far it got.
func (d *direct) hand(ctx context.Context, ms []Message) ([]string, error) {
	left := make([]*delivery, len(ms))
	for i := range ms {
		left[i] = &delivery{Message: ms[i], id: deduplicationID(ms[i].Chat, ms[i].Seq)}
	}
	var last error
	for attempt := range maxAttempts {
		if err := sleep(ctx, backoff(attempt)); err != nil {
			return nil, err
		}
		d.tries++
		for _, l := range left {
			l.receives = d.tries
		}
		done, err := d.handle(ctx, left)
		left = slices.DeleteFunc(left, func(l *delivery) bool { return slices.Contains(done, l) })
		if len(left) == 0 {
			return make([]string, len(ms)), nil
		}
		if !errors.Is(err, errKilled) {
			d.counters.retried.Add(1)
			last = err
		}
	}
	return nil, fmt.Errorf("write: given up after %d times: %w", maxAttempts, last)
}
