package dynamodb

import (
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// destination is a Kinesis data stream that a table names as the place for its
// changes. A table has at most one that is not disabled or failed.
type destination struct {
	Stream    string `json:"stream"`              // its ARN
	Precision string `json:"precision,omitempty"` // "" unless a request named one
	// Status is the one that it has, or has once Until has come; Changing what it
	// says before.
	Status   string    `json:"status"`
	Changing string    `json:"changing,omitempty"`
	Until    time.Time `json:"until,omitzero"`
	// Why is what came between where it could not be enabled; "" means noAccess.
	Why string `json:"why,omitempty"`
	// Outbox keeps the changes that are yet to be delivered, from when the destination
	// became active until it is disabled and they are gone; nil where the engine has
	// no data streams.
	Outbox *streamSettings `json:"outbox,omitempty"`
}

// status returns the DestinationStatus at now. One that is disabled is being
// disabled until its last change is delivered.
func (k *destination) status(now time.Time) string {
	switch {
	case now.Before(k.Until):
		return k.Changing
	case k.Status == ddb.DestinationStatusDisabled && k.Outbox != nil:
		return ddb.DestinationStatusDisabling
	}
	return k.Status
}

// live reports whether the destination keeps the table from having another.
func (k *destination) live(now time.Time) bool {
	status := k.status(now)
	return status != ddb.DestinationStatusDisabled && status != ddb.DestinationStatusEnableFailed
}

// destination returns that of a stream, or nil.
func (d *descriptor) destination(stream string) *destination {
	i := slices.IndexFunc(d.Destinations, func(k destination) bool { return k.Stream == stream })
	if i < 0 {
		return nil
	}
	return &d.Destinations[i]
}

// canReceive reports whether a stream may be one of the table's account and
// region. The service finds out only after it has said that it enables it.
func (d *descriptor) canReceive(stream string) bool {
	name, ok := strings.CutPrefix(stream, "arn:aws:kinesis:"+d.Region+":"+d.Account+":stream/")
	return ok && name != "" && len(name) <= 128 && !strings.ContainsAny(name, "/:")
}

// dataStreamName is the name in the ARN of a data stream.
func dataStreamName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// outboxes returns those of the table's destinations: at most the one that writes go
// to, and those of destinations that are being disabled.
func (d *descriptor) outboxes() (list []*streamSettings) {
	for i := range d.Destinations {
		if s := d.Destinations[i].Outbox; s != nil {
			list = append(list, s)
		}
	}
	return list
}

// openOutbox returns the outbox that writes go to, or nil.
func (d *descriptor) openOutbox() *streamSettings {
	for _, s := range d.outboxes() {
		if s.Disabled.IsZero() {
			return s
		}
	}
	return nil
}

// cloneDestinations returns copies that can be changed and settled.
func (d *descriptor) cloneDestinations() []destination {
	list := slices.Clone(d.Destinations)
	for i := range list {
		list[i].Outbox = list[i].Outbox.clone()
	}
	return list
}

func errDestination(format string, args ...any) error {
	return api.Validation("Table is not in a valid state to enable Kinesis Streaming Destination: "+format, args...)
}

// redirect changes the destinations of a table.
func (e *Engine) redirect(c *api.Caller, table string, change func(d *descriptor, now time.Time) error) (*descriptor, error) {
	t, err := e.lookupNamed(c, table)
	if err != nil {
		return nil, err
	}
	v, err := e.redirectTable(t, nil, change)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return nil, errNoTable(nameOf(table))
	}
	e.attendDestinations(t, v)
	return v.descriptor, nil
}

// redirectTable is redirect for a table that was found; erase is as for publish. It
// returns nil if the table is gone, or is not there yet.
func (e *Engine) redirectTable(t *table, erase func(kv.Batch), change func(d *descriptor, now time.Time) error) (*view, error) {
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil || v.under(changeCreate) != nil {
		return nil, nil
	}
	next := v.clone()
	next.Destinations = v.cloneDestinations()
	if err := change(next, time.Now()); err != nil {
		return nil, err
	}
	return e.publish(t, next, erase, nil)
}
