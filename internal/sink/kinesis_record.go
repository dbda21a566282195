package sink

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/pipeline/event"
)

// asDynamoDB is the value of Kinesis.Records with which changes are written as
// DynamoDB itself writes them to a data stream.
const asDynamoDB = "dynamodb"

var errNoChange = errors.New("the event is not the record of a change, as it comes from a stream without a template and an enrichment")

// destinationRecord returns the record of a change as DynamoDB writes it to a Kinesis
// streaming destination, with the time in milliseconds.
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
	out := event.Replicated{
		Region: r.AWSRegion, ID: r.EventID, Name: r.EventName, Table: table, UserIdentity: r.UserIdentity, Time: e.Time,
		Keys: r.DynamoDB.Keys, New: r.DynamoDB.NewImage, Old: r.DynamoDB.OldImage, SizeBytes: r.DynamoDB.SizeBytes,
	}
	return out.AppendJSON(make([]byte, 0, len(e.Data)+100)), nil
}
