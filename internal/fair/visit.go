package fair

import (
	"math"
	"time"
)

// visit is a request that did not have to wait, while it is under way. Who floods waits for
// those of others between two rounds.
type visit struct {
	of             *line // nil: none
	number         uint64
	since          time.Time
	earlier, later *visit
}

// visits are those under way, in the order of their beginnings.
type visits struct {
	first, newest *visit
	last          uint64 // the number that was given last
}

func (v *visits) begin(n *visit, of *line, now time.Time) {
	v.last++
	*n = visit{of: of, number: v.last, since: now, earlier: v.newest}
	if v.newest == nil {
		v.first = n
	} else {
		v.newest.later = n
	}
	v.newest = n
}

func (v *visits) end(n *visit) {
	if n.of == nil {
		return
	}
	if n.earlier == nil {
		v.first = n.later
	} else {
		n.earlier.later = n.later
	}
	if n.later == nil {
		v.newest = n.earlier
	} else {
		n.later.earlier = n.earlier
	}
	*n = visit{}
}

// oldest returns the number of the one that began first, forgetting those that began
// before that long ago, and those of lines in which others wait by now.
func (v *visits) oldest(ago time.Time) uint64 {
	for n := v.first; n != nil; n = v.first {
		if n.since.After(ago) && n.of.first == nil {
			return n.number
		}
		v.end(n)
	}
	return math.MaxUint64
}
