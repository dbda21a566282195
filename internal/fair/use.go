package fair

import (
	"sync/atomic"
	"time"

	"github.com/levee-io/levee/internal/api/about"
)

// settled is for how long it is not asked again whether several are in use once it is
// known, so that most requests need not take anything down.
const settled = quiet / 4

// maxSeen bounds of how many tables and queues it is known when they were in use.
const maxSeen = 1024

// use knows whether several tables and queues are in use at the same time.
type use struct {
	last   about.Resource // that was asked for
	seen   map[about.Resource]time.Time
	turned atomic.Pointer[time.Time] // when something was asked for again, after something else was; read without the lock, too
}

// see takes down a request, and reports whether what it is about is the only thing in
// use.
func (u *use) see(at about.Resource, now time.Time) (alone bool) {
	if at != u.last {
		if len(u.seen) >= maxSeen {
			clear(u.seen)
		}
		u.seen[u.last] = now
		if was, ok := u.seen[at]; ok && now.Sub(was) <= quiet {
			turned := now
			u.turned.Store(&turned)
		}
		u.last = at
	}
	return !u.shared(now)
}

// shared reports whether several are in use.
func (u *use) shared(now time.Time) bool { return u.turnedWithin(quiet, now) }

// isSettled reports whether it is so newly known that several are in use that there is
// nothing to take down.
func (u *use) isSettled(now time.Time) bool { return u.turnedWithin(settled, now) }

func (u *use) turnedWithin(d time.Duration, now time.Time) bool {
	at := u.turned.Load()
	return at != nil && now.Sub(*at) <= d
}
