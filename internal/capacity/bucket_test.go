package capacity

import (
	"testing"
	"time"
)

// Tokens that come in small amounts add up to what comes at once.
func TestRoundingRefusesNothing(t *testing.T) {
	b := newBucket(4, time.Minute, 0, 0)
	now := int64(0)
	for _, ms := range []int64{2, 5, 205, 6, 32} {
		now += ms * 1e6
		b.fill(now)
	}
	if !b.has(1) {
		t.Errorf("a unit is refused after 250 ms of 4 a second: %v", b.tokens)
	}
	b.take(1)
	if b.tokens != 0 || b.at != now {
		t.Errorf("%v tokens at %d, want none at %d", b.tokens, b.at, now)
	}
}
