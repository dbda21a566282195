package dynamodb

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// streamLabel is the form of a stream's label: the time at which it was made.
const streamLabel = "2006-01-02T15:04:05.000"

// newStreamSettings checks the stream specification of a new table and returns
// its stream, without number.
func newStreamSettings(in *ddb.StreamSpecification, now time.Time) (*streamSettings, error) {
	switch {
	case in == nil:
		return nil, nil
	case in.StreamEnabled.V && !in.StreamViewType.OK:
		return nil, badParameter("Table is being created with a stream enabled, UpdateViewType is required")
	case !in.StreamEnabled.V && in.StreamViewType.OK:
		return nil, badParameter("Table is being created with a stream disabled, UpdateViewType should not be specified")
	case !in.StreamEnabled.V:
		return nil, nil
	}
	return newStream(in.StreamViewType.V, now), nil
}

func newStream(view string, now time.Time) *streamSettings {
	return &streamSettings{View: view, Label: now.UTC().Format(streamLabel), Created: now}
}

// checkStreamUpdate checks the stream specification of an UpdateTable.
func checkStreamUpdate(in *ddb.StreamSpecification) error {
	switch {
	case in == nil:
		return nil
	case in.StreamEnabled.V && !in.StreamViewType.OK:
		return badParameter("If stream is being enabled then UpdateViewType is required")
	case !in.StreamEnabled.V && in.StreamViewType.OK:
		return badParameter("If stream is being disabled, then UpdateViewType must not be specified")
	}
	return nil
}

// changeStream turns the stream on or off. A stream that was turned off stays
// readable; turning it on makes a new one.
func (u *tableUpdate) changeStream() error {
	in, d := u.in.StreamSpecification, u.next
	switch {
	case in == nil:
		return nil
	case !in.StreamEnabled.V && d.Replication != nil && !d.Replication.Strong:
		return badParameter("Disabling Stream is not allowed for a Global Table replica.")
	case in.StreamEnabled.V && d.Stream != nil:
		return api.Validation("Table already has an enabled stream: TableName: %s", d.Name)
	case !in.StreamEnabled.V && d.Stream == nil:
		return api.Validation("Table has no stream to disable: TableName: %s", d.Name)
	case in.StreamEnabled.V:
		d.Stream = newStream(in.StreamViewType.V, freshLabelTime(u.now, d))
		return nil
	}
	d.disableStream(u.now)
	return nil
}

// freshLabelTime returns the time from which a new stream can take its label:
// now, or the first millisecond after the labels that there are.
func freshLabelTime(now time.Time, known ...*descriptor) time.Time {
	for _, d := range known {
		for i := range d.OldStreams {
			if next := d.OldStreams[i].Created.Truncate(time.Millisecond).Add(time.Millisecond); now.Before(next) {
				now = next
			}
		}
	}
	return now
}
