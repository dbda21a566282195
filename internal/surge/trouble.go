package surge

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// fate is what happens to a consumer with the messages it has just received.
type fate int

const (
	survives     fate = iota
	diesBefore        // received, nothing done
	diesDuring        // the transaction is on its way: whether it is carried out, nobody knows
	diesAfter         // stored, not deleted
	fateOutcomes      // number of the above
)

var errKilled error = killed{}

// killed looks like a request that its caller has given up, to the SDK, which does not try again then.
type killed struct{}

func (killed) Error() string       { return "killed by the trouble of the run" }
func (killed) CanceledError() bool { return true }

// trouble decides what goes wrong for one goroutine.
type trouble struct {
	share float64
	dice  *rand.Rand
}

func newTrouble(share float64, seed, who uint64) *trouble {
	return &trouble{share: share, dice: rand.New(rand.NewPCG(seed, who))}
}

// strikes is true for the share of the calls.
func (t *trouble) strikes() bool { return t.share > 0 && t.dice.Float64() < t.share }

func (t *trouble) fate() fate {
	if !t.strikes() {
		return survives
	}
	return fate(1 + t.dice.IntN(int(fateOutcomes)-1))
}

// soon is a random moment within the time of a request.
func (t *trouble) soon() time.Duration {
	return time.Duration(t.dice.Int64N(int64(4 * time.Millisecond)))
}

// loseReply returns a context under which the reply of the first request is lost: the service has done its work, and
// the client sees a time-out.
func loseReply(ctx context.Context) context.Context {
	lost := new(atomic.Bool)
	return meddle(ctx, meddling{after: func(*http.Request, *http.Response) error {
		if lost.Swap(true) {
			return nil
		}
		return errReplyLost{}
	}})
}

// errReplyLost looks like the time-out of a read to the SDK, which sends again what it may send again.
type errReplyLost struct{}

func (errReplyLost) Error() string   { return "the reply was lost by the trouble of the run" }
func (errReplyLost) Timeout() bool   { return true }
func (errReplyLost) Temporary() bool { return true }
