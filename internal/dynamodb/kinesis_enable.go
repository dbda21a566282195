package dynamodb

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// DataStreams are the Kinesis data streams of all regions. It is safe for concurrent
// use.
type DataStreams interface {
	// Check returns nil if a stream takes records, and otherwise says why it does not.
	Check(ctx context.Context, region, stream string) error
	// Put writes records, each with its partition key, and keeps those of a key in
	// order. It returns nil, or an error for each record that was not taken and nil for
	// each that was. It returns soon after ctx ends.
	Put(ctx context.Context, region, stream string, keys []string, data [][]byte) []error
}

// maxWhy is the length of a DestinationStatusDescription, in bytes.
const maxWhy = 512

// errStale: a destination is not any more what it was when its change began.
var errStale = errors.New("dynamodb: the destination has changed")

// newOutbox returns the outbox of a destination that becomes active, without number.
func newOutbox(now time.Time) *streamSettings {
	return &streamSettings{View: "NEW_AND_OLD_IMAGES", Created: now}
}

// resumeDestinations goes on with the destinations of all tables. Those from before
// the engine had data streams get an outbox. No operation is running yet.
func (e *Engine) resumeDestinations() error {
	for _, t := range e.allTables() {
		v := t.current.Load()
		if len(v.Destinations) == 0 {
			continue
		}
		if e.dataStreams != nil {
			var err error
			if v, err = e.adoptDestination(t, v); err != nil {
				return err
			}
		}
		e.attendDestinations(t, v)
		for _, s := range v.outboxes() {
			e.startDelivery(t, s)
		}
	}
	return nil
}

// adoptDestination gives an active destination that has no outbox one.
func (e *Engine) adoptDestination(t *table, v *view) (*view, error) {
	for i := range v.Destinations {
		k := &v.Destinations[i]
		if k.Status != ddb.DestinationStatusActive || k.Outbox != nil {
			continue
		}
		return e.redirectTable(t, nil, func(d *descriptor, now time.Time) error {
			d.destination(k.Stream).Outbox = newOutbox(now)
			return nil
		})
	}
	return v, nil
}

// attendDestinations does in the background what changes of a table's destinations
// leave to be done.
func (e *Engine) attendDestinations(t *table, v *view) {
	for i := range v.Destinations {
		switch k := &v.Destinations[i]; {
		case k.Status == ddb.DestinationStatusEnabling:
			e.background.Go(func() { e.enableDestination(t, v.Region, k.Stream) })
		case k.Outbox != nil && !k.Outbox.Disabled.IsZero() && e.dataStreams == nil:
			e.background.Go(func() { e.endDestination(t, k.Outbox.ID) }) // nobody delivers
		}
	}
}

// enableDestination looks whether a data stream takes records and makes the
// destination active, or says why not. What is written from then on is delivered.
func (e *Engine) enableDestination(t *table, region, stream string) {
	if !e.pause(e.delay) {
		return
	}
	refusal := ""
	if e.dataStreams != nil {
		why := e.dataStreams.Check(e.background.ctx, region, dataStreamName(stream))
		if e.background.ctx.Err() != nil {
			return // it is looked at again after a restart
		}
		if refusal = shortText(why); refusal != "" {
			e.log.Warn("dynamodb: a Kinesis streaming destination is not enabled", "table", t.id, "stream", stream, "error", why, "cause", errors.Unwrap(why))
		}
	}
	v, err := e.redirectTable(t, nil, func(d *descriptor, now time.Time) error {
		k := d.destination(stream)
		switch {
		case k == nil || k.Status != ddb.DestinationStatusEnabling:
			return errStale
		case refusal != "":
			k.Status, k.Why = ddb.DestinationStatusEnableFailed, refusal
			return nil
		}
		k.Status = ddb.DestinationStatusActive
		if e.dataStreams != nil {
			k.Outbox = newOutbox(now)
		}
		return nil
	})
	switch {
	case errors.Is(err, errStale): // it was disabled meanwhile, or the table deleted
	case err != nil:
		e.log.Error("dynamodb: a Kinesis streaming destination could not be enabled; it will be tried again after a restart", "table", t.id, "stream", stream, "error", err)
	case v != nil && v.openOutbox() != nil:
		e.startDelivery(t, v.openOutbox())
	}
}

// shortText returns the text of an error, at most maxWhy bytes of it; "" for none.
func shortText(err error) string {
	if err == nil {
		return ""
	}
	text := cmp.Or(err.Error(), noAccess)
	return strings.ToValidUTF8(text[:min(len(text), maxWhy)], "")
}

// endDestination forgets the outbox of a destination that is disabled.
func (e *Engine) endDestination(t *table, outbox uint64) {
	erase := func(b kv.Batch) { erasePrefix(b, streamPrefix(outbox)) }
	_, err := e.redirectTable(t, erase, func(d *descriptor, _ time.Time) error {
		for i := range d.Destinations {
			if k := &d.Destinations[i]; k.Outbox != nil && k.Outbox.ID == outbox {
				k.Outbox = nil
				return nil
			}
		}
		return errStale
	})
	if err != nil && !errors.Is(err, errStale) {
		e.log.Error("dynamodb: a Kinesis streaming destination could not be disabled; it will be tried again after a restart", "table", t.id, "error", err)
	}
}
