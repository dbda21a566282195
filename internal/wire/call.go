package wire

import (
	"context"
	"sync"
	"time"
)

// hangup tells when a client goes away, for a transport whose requests have no
// context.
type hangup interface {
	// watch starts to watch the connection and calls gone once if the client
	// closes it.
	watch(gone func())
	// unwatch stops watching; gone is not called after it returns.
	unwatch()
}

// call is the context of one request. It ends with the transport's context, with
// the closing of the endpoint, and when the client is gone. Most operations never
// wait for any of that, so nothing is set up before Done is first called.
type call struct {
	transport context.Context
	closing   context.Context
	hangup    hangup // nil if transport says when the client is gone

	mu       sync.Mutex
	ctx      context.Context // set by the first Done; guarded by mu
	cancel   context.CancelCauseFunc
	detach   func() bool // from closing
	finished bool
}

// finish releases what Done set up. The connection is not read from any more.
func (c *call) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	if c.ctx == nil {
		return
	}
	c.detach()
	if c.hangup != nil {
		c.hangup.unwatch()
	}
	c.cancel(context.Canceled)
}

// waited reports whether the operation may have waited for something: whether Done was
// called.
func (c *call) waited() bool { return c.context(false) != nil }

// context returns what Done set up, and sets it up if start says so.
func (c *call) context(start bool) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx != nil || !start {
		return c.ctx
	}
	ctx, cancel := context.WithCancelCause(c.transport)
	c.ctx, c.cancel = ctx, cancel
	if c.finished { // somebody kept the context for longer than the request lasts
		cancel(context.Canceled)
		return ctx
	}
	c.detach = context.AfterFunc(c.closing, func() { cancel(context.Cause(c.closing)) })
	if c.hangup != nil {
		c.hangup.watch(func() { cancel(context.Canceled) })
	}
	return ctx
}

// Done implements context.Context.
func (c *call) Done() <-chan struct{} { return c.context(true).Done() }

// Err implements context.Context.
func (c *call) Err() error {
	if ctx := c.context(false); ctx != nil {
		return ctx.Err()
	}
	if err := c.transport.Err(); err != nil {
		return err
	}
	return c.closing.Err()
}

// Deadline implements context.Context.
func (c *call) Deadline() (time.Time, bool) { return c.transport.Deadline() }

// Value implements context.Context. Once Done was called, it lets package
// context find the context within, so that children need no goroutine.
func (c *call) Value(key any) any {
	if ctx := c.context(false); ctx != nil {
		return ctx.Value(key)
	}
	return c.transport.Value(key)
}
