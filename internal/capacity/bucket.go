package capacity

import (
	"math"
	"time"
)

// bucket holds tokens, which are capacity units that may be spent. They come at a
// rate and are kept up to a number. It never holds less than none.
//
// A demand for more than the bucket can ever hold is admitted when it is full. Then
// the bucket stays empty for as long as what is missing takes to come.
type bucket struct {
	rate, most float64
	tokens     float64
	at         int64 // Unix nanoseconds that tokens is of; later than now while something is missing
}

// slack is the share of a demand that may be missing: what rounding loses while tokens
// come in small amounts.
const slack = 1e-9

// newBucket returns a bucket that keeps what comes in kept, and has what comes in
// held.
func newBucket(rate float64, kept, held time.Duration, now int64) bucket {
	b := bucket{rate: rate, most: rate * kept.Seconds(), at: now}
	b.tokens = min(b.most, rate*held.Seconds())
	return b
}

// unlimited returns a bucket that admits everything.
func unlimited() bucket {
	return bucket{most: math.Inf(1), tokens: math.Inf(1), at: math.MaxInt64}
}

// fill lets the tokens come that are due.
func (b *bucket) fill(now int64) {
	if now <= b.at {
		return
	}
	b.tokens = min(b.most, b.tokens+b.rate*float64(now-b.at)*1e-9)
	b.at = now
}

// has reports whether a filled bucket admits units. While something is missing it
// holds nothing, and admits nothing.
func (b *bucket) has(units float64) bool {
	return units*(1-slack) <= b.tokens || b.tokens >= b.most && b.most > 0
}

// take spends units that has admitted.
func (b *bucket) take(units float64) {
	if units*(1-slack) <= b.tokens {
		b.tokens = max(0, b.tokens-units)
		return
	}
	missing := units - b.tokens
	b.tokens = 0
	b.at += int64(missing / b.rate * 1e9)
}

// set changes the rate and what is kept. What is in the bucket stays, as far as it
// may.
func (b *bucket) set(rate float64, kept time.Duration, now int64) {
	b.fill(now)
	missing := float64(max(0, b.at-now)) * b.rate
	b.rate, b.most = rate, rate*kept.Seconds()
	b.tokens = min(b.tokens, b.most)
	if missing > 0 && rate > 0 {
		b.at = now + int64(missing/rate)
	}
}
