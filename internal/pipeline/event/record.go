package event

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/jsontok"
)

// Record returns the record of a change from the stream of an ARN.
func Record(r *streamsapi.Record, streamARN string) []byte {
	b := append([]byte(nil), `{"eventID":`...)
	b = jsontok.AppendString(b, r.EventID.V)
	b = append(b, `,"eventName":`...)
	b = jsontok.AppendString(b, r.EventName.V)
	b = append(b, `,"eventVersion":`...)
	b = jsontok.AppendString(b, r.EventVersion.V)
	b = append(b, `,"eventSource":`...)
	b = jsontok.AppendString(b, r.EventSource.V)
	b = append(b, `,"awsRegion":`...)
	b = jsontok.AppendString(b, r.AwsRegion.V)
	b = append(b, `,"dynamodb":`...)
	b = appendChange(b, r.Dynamodb)
	b = appendMember(b, `,"userIdentity":`, Identity(r.UserIdentity))
	b = append(b, `,"eventSourceARN":`...)
	b = jsontok.AppendString(b, streamARN)
	return append(b, '}')
}

// Identity returns who made a change, as JSON; nil if it was a caller.
func Identity(id *streamsapi.Identity) []byte {
	if id == nil {
		return nil
	}
	b := jsontok.AppendString([]byte(`{"type":`), id.Type.V)
	b = jsontok.AppendString(append(b, `,"principalId":`...), id.PrincipalId.V)
	return append(b, '}')
}

func appendChange(b []byte, c *streamsapi.StreamRecord) []byte {
	b = append(b, `{"ApproximateCreationDateTime":`...)
	b = api.AppendInt(b, c.ApproximateCreationDateTime.V.Unix())
	b = append(b, `,"Keys":`...)
	b = c.Keys.AppendJSON(b)
	if !c.NewImage.IsZero() {
		b = append(b, `,"NewImage":`...)
		b = c.NewImage.AppendJSON(b)
	}
	if !c.OldImage.IsZero() {
		b = append(b, `,"OldImage":`...)
		b = c.OldImage.AppendJSON(b)
	}
	b = append(b, `,"SequenceNumber":`...)
	b = jsontok.AppendString(b, c.SequenceNumber.V)
	b = append(b, `,"SizeBytes":`...)
	b = api.AppendInt(b, c.SizeBytes.V)
	b = append(b, `,"StreamViewType":`...)
	b = jsontok.AppendString(b, c.StreamViewType.V)
	return append(b, '}')
}

// Window is what the event of a tumbling window says beside its records.
type Window struct {
	Start, End time.Time
	State      []byte // JSON
	Shard      string
	StreamARN  string
	Final      bool // the window is over: there are no records
	Early      bool // it was ended because its state grew too large
}

// JoinWindow returns the event of records in a window.
func JoinWindow(records [][]byte, w *Window) []byte {
	b := append([]byte(nil), `{"Records":`...)
	b = appendRecords(b, records)
	b = append(b, `,"window":{"start":`...)
	b = appendInstant(b, w.Start)
	b = append(b, `,"end":`...)
	b = appendInstant(b, w.End)
	b = append(b, `},"state":`...)
	b = append(b, w.State...)
	b = append(b, `,"shardId":`...)
	b = jsontok.AppendString(b, w.Shard)
	b = append(b, `,"eventSourceARN":`...)
	b = jsontok.AppendString(b, w.StreamARN)
	b = append(b, `,"isFinalInvokeForWindow":`...)
	b = api.AppendBool(b, w.Final)
	b = append(b, `,"isWindowTerminatedEarly":`...)
	b = api.AppendBool(b, w.Early)
	return append(b, '}')
}

func appendInstant(b []byte, t time.Time) []byte {
	return jsontok.AppendString(b, t.UTC().Format("2006-01-02T15:04:05Z"))
}
