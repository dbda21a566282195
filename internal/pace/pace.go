// Package pace is a clock that may run faster than time, for what is about capacity:
// an hour of scaling can pass in a minute.
package pace

import (
	"context"
	"fmt"
	"time"
)

// maxScale is the fastest that a clock runs.
const maxScale = 1_000_000

// Clock is a clock. The zero Clock is that of the machine.
type Clock struct {
	began time.Time
	scale float64 // 0: as fast as time
}

// NewClock returns a clock that shows the time now and runs scale times as fast as it;
// 0 means once.
func NewClock(scale float64) (Clock, error) {
	switch {
	case !(scale >= 0) || scale > maxScale:
		return Clock{}, fmt.Errorf("time cannot pass %v times as fast: the most is %d", scale, maxScale)
	case scale == 0 || scale == 1:
		return Clock{}, nil
	}
	return Clock{time.Now(), scale}, nil
}

// Now returns what time it is.
func (c Clock) Now() time.Time {
	if c.scale == 0 {
		return time.Now()
	}
	return c.began.Add(time.Duration(c.scale * float64(time.Since(c.began))))
}

// Wait waits until it is a time, and reports whether ctx lasts until then.
func (c Clock) Wait(ctx context.Context, until time.Time) bool {
	for ctx.Err() == nil {
		left := until.Sub(c.Now())
		if left <= 0 {
			return true
		}
		if c.scale != 0 {
			left = max(time.Millisecond, time.Duration(float64(left)/c.scale))
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
	return false
}
