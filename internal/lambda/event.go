package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// An asynchronous invocation is a row until it is done, so that it outlives a
// restart. The rules are those of the service: two more attempts after an error,
// and up to six hours of them while the function is throttled.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const (
	eventRetries = 2
	eventLife    = 6 * time.Hour
	// maxEvents is how many events may wait, over all functions, and maxEventBytes
	// how large they may be together: they are in memory.
	maxEvents     = 100_000
	maxEventBytes = 256 << 20
)

// waiting is what there is of events that are not done. Engine.mu guards it.
type waiting struct{ events, bytes int }

// take counts an event, unless there are too many.
func (w *waiting) take(ev *event) bool {
	if w.events >= maxEvents || w.bytes+len(ev.Payload) > maxEventBytes {
		return false
	}
	w.add(ev)
	return true
}

func (w *waiting) add(ev *event) {
	w.events++
	w.bytes += len(ev.Payload)
}

func (w *waiting) remove(ev *event) {
	w.events--
	w.bytes -= len(ev.Payload)
}

// event is an invocation that nobody waits for.
type event struct {
	ID       string    `json:"id"` // the request id
	Account  string    `json:"account"`
	Region   string    `json:"region"`
	Function string    `json:"function"`
	Received time.Time `json:"received"`
	Attempts int       `json:"attempts"`
	Due      time.Time `json:"due"`
	Payload  []byte    `json:"payload"`
}

func (ev *event) name() Name {
	return Name{api.Namespace{Account: ev.Account, Region: ev.Region}, ev.Function}
}

// RunLater invokes a function asynchronously. It is durable that it will when this
// returns. Errors are *api.Error, as of Run.
func (e *Engine) RunLater(name Name, payload []byte) error {
	if _, f := e.lookUp(name); f == nil {
		return errNoFunction(name, "")
	}
	if err := checkEvent(model.InvocationTypeEvent, payload); err != nil {
		return err
	}
	return e.enqueue(name, NewUUID(), payload)
}

// enqueue accepts an asynchronous invocation. It is durable when this returns.
func (e *Engine) enqueue(n Name, id string, payload []byte) error {
	now := time.Now()
	ev := &event{
		ID: id, Account: n.Account, Region: n.Region, Function: n.Function,
		Received: now, Due: now, Payload: bytes.Clone(payload),
	}
	e.mu.Lock()
	taken := e.waiting.take(ev)
	e.mu.Unlock()
	if !taken {
		return errThrottled(reasonRate)
	}
	if err := e.keep(ev); err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.waiting.remove(ev)
		return err
	}
	e.schedule(ev)
	return nil
}

// keep stores an event as it is now.
func (e *Engine) keep(ev *event) error {
	row, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	b := e.store.NewBatch()
	b.Set(eventKey(ev.ID), row)
	commit, err := e.store.Apply(b, kv.Sync)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// resumeEvents schedules the events of the store.
func (e *Engine) resumeEvents() error {
	it := e.store.Scan(kv.PrefixRange([]byte{space, kindEvent}))
	defer it.Close()
	for it.Next() {
		ev := new(event)
		if err := json.Unmarshal(it.Value(), ev); err != nil {
			return fmt.Errorf("row %q: %w", it.Key(), err)
		}
		e.mu.Lock()
		e.waiting.add(ev)
		e.mu.Unlock()
		e.schedule(ev)
	}
	return it.Err()
}

// schedule runs an event when it is due, until it is done or the engine closes.
func (e *Engine) schedule(ev *event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.work.Go(func() {
		for e.waitUntil(ev.Due) {
			if done := e.tryEvent(ev); done {
				e.forget(ev)
				return
			}
			if err := e.keep(ev); err != nil {
				e.log.Error("event could not be kept", "function", ev.name().ARN(), "requestId", ev.ID, "err", err)
				return
			}
		}
	})
}

// waitUntil reports whether the time came before the engine closed.
func (e *Engine) waitUntil(t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return e.closing.Err() == nil
	case <-e.closing.Done():
		return false
	}
}

// tryEvent makes one attempt and reports whether it was the last one; if not, the
// event says when the next is due.
func (e *Engine) tryEvent(ev *event) (done bool) {
	at, f := e.lookUp(ev.name())
	if f == nil {
		return true
	}
	r, err := e.run(e.closing, at, f, &Invocation{RequestID: ev.ID, ARN: at.name.ARN(), Payload: ev.Payload})
	var refused *api.Error
	switch {
	case e.closing.Err() != nil:
		return false // it goes on when the store is opened again
	case errors.As(err, &refused) && refused.Code != model.CodeResourceNotFoundException:
		waited := time.Since(ev.Received)
		ev.Due = time.Now().Add(min(max(waited, time.Second), 5*time.Minute))
		return waited > eventLife
	case err != nil:
		return true
	case !r.Failed || ev.Attempts == eventRetries:
		return true
	}
	ev.Attempts++
	ev.Due = time.Now().Add(time.Duration(ev.Attempts) * time.Minute)
	return false
}

// forget deletes an event that is done.
func (e *Engine) forget(ev *event) {
	e.mu.Lock()
	e.waiting.remove(ev)
	e.mu.Unlock()
	b := e.store.NewBatch()
	b.Delete(eventKey(ev.ID))
	if _, err := e.store.Apply(b, kv.NoSync); err != nil {
		e.log.Error("event could not be forgotten", "function", ev.name().ARN(), "requestId", ev.ID, "err", err)
	}
}
