package sink

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/pipeline"
)

// asDynamoDB is the value of Kinesis.Records with which changes are written as
// DynamoDB itself writes them to a data stream.
const asDynamoDB = "dynamodb"

var errNoChange = errors.New("the event is not the record of a change, as it comes from a stream without a template and an enrichment")

// destinationRecord returns the record of a change as DynamoDB writes it to a Kinesis
// streaming destination: as in a change stream, but for the name of the table, the
// format, and the time in milliseconds.
func destinationRecord(e *pipeline.Event) ([]byte, error) {
	var r struct {
		EventID        string
		EventName      string
		EventSourceARN string
		AWSRegion      string
		UserIdentity   json.RawMessage
		DynamoDB       struct{ Keys, NewImage, OldImage, SizeBytes json.RawMessage }
	}
	if err := json.Unmarshal(e.Data, &r); err != nil || r.DynamoDB.Keys == nil {
		return nil, errNoChange
	}
	_, table, _ := strings.Cut(r.EventSourceARN, ":table/")
	table, _, ok := strings.Cut(table, "/stream/")
	if !ok {
		return nil, errNoChange
	}
	b := make([]byte, 0, len(e.Data)+100)
	for _, m := range []struct{ name, value string }{
		{`{"awsRegion":`, r.AWSRegion}, {`,"eventID":`, r.EventID}, {`,"eventName":`, r.EventName},
	} {
		b = jsontok.AppendString(append(b, m.name...), m.value)
	}
	b = appendMember(b, `,"userIdentity":`, r.UserIdentity, "null")
	b = jsontok.AppendString(append(b, `,"recordFormat":"application/json","tableName":`...), table)
	b = strconv.AppendInt(append(b, `,"dynamodb":{"ApproximateCreationDateTime":`...), e.Time.UnixMilli(), 10)
	b = appendMember(b, `,"Keys":`, r.DynamoDB.Keys, "")
	b = appendMember(b, `,"NewImage":`, r.DynamoDB.NewImage, "")
	b = appendMember(b, `,"OldImage":`, r.DynamoDB.OldImage, "")
	b = appendMember(b, `,"SizeBytes":`, r.DynamoDB.SizeBytes, "")
	return append(b, `},"eventSource":"aws:dynamodb"}`...), nil
}

// appendMember appends a member of an object: the value, or else another; without
// either nothing.
func appendMember(b []byte, name string, value json.RawMessage, absent string) []byte {
	switch {
	case value != nil:
		return append(append(b, name...), value...)
	case absent != "":
		return append(append(b, name...), absent...)
	}
	return b
}
