package surge

import (
	"context"
	"net/http"
	"sync/atomic"
)

// life is that of one consumer. Nothing that it began goes on after its end, and no request is made any more, as if
// its process had been killed.
type life struct {
	ctx    context.Context
	cancel context.CancelFunc
	ended  atomic.Bool
	doomed atomic.Bool // ends when its transaction is answered
}

func newLife(ctx context.Context) *life {
	l := &life{}
	l.ctx, l.cancel = context.WithCancel(ctx)
	return l
}

func (l *life) end() {
	l.ended.Store(true)
	l.cancel()
}

func (l *life) over() bool { return l.ended.Load() }

// requests refuses the requests of those who are not alive.
func (l *life) requests(*http.Request) error {
	if l.over() {
		return errKilled
	}
	return nil
}
