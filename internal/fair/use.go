package fair

import (
	"time"

	"github.com/levee-io/levee/internal/api/about"
)

// maxSeen bounds of how many tables and queues it is known when they were in use.
const maxSeen = 1024

// use knows whether several tables and queues are in use at the same time.
type use struct {
	last   about.Resource // that was asked for
	seen   map[about.Resource]time.Time
	turned time.Time // when something was asked for again, after something else was
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
			u.turned = now
		}
		u.last = at
	}
	return !u.shared(now)
}

// shared reports whether several are in use.
func (u *use) shared(now time.Time) bool { return now.Sub(u.turned) <= quiet }
