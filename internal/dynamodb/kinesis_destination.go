package dynamodb

import (
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
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
}

// status returns the DestinationStatus at now.
func (k *destination) status(now time.Time) string {
	if now.Before(k.Until) {
		return k.Changing
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

func errDestination(format string, args ...any) error {
	return api.Validation("Table is not in a valid state to enable Kinesis Streaming Destination: "+format, args...)
}

// redirect changes the destinations of a table.
func (e *Engine) redirect(c *api.Caller, table string, change func(d *descriptor, now time.Time) error) (*descriptor, error) {
	t, err := e.lookupNamed(c, table)
	if err != nil {
		return nil, err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil || v.under(changeCreate) != nil {
		return nil, errNoTable(nameOf(table))
	}
	next := v.clone()
	next.Destinations = slices.Clone(v.Destinations)
	if err := change(next, time.Now()); err != nil {
		return nil, err
	}
	if _, err := e.publish(t, next, nil, nil); err != nil {
		return nil, err
	}
	return next, nil
}
