package dynamodb

import (
	"time"

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
