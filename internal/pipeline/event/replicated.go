package event

import (
	"strconv"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
)

// Microsecond is the precision of a Replicated whose time is not in milliseconds.
const Microsecond = "MICROSECOND"

// Replicated is the record of a change as a Kinesis data stream gets it from
// DynamoDB: as in a change stream, but for the name of the table, the format, and a
// time that is more exact. What is JSON is nil if it is absent.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
type Replicated struct {
	Region, ID, Name, Table   string
	UserIdentity              []byte // JSON
	Time                      time.Time
	Precision                 string // "" unless it was asked for; of the time
	Keys, New, Old, SizeBytes []byte // JSON
}

// AppendJSON appends the record.
func (r *Replicated) AppendJSON(b []byte) []byte {
	b = jsontok.AppendString(append(b, `{"awsRegion":`...), r.Region)
	b = jsontok.AppendString(append(b, `,"eventID":`...), r.ID)
	b = jsontok.AppendString(append(b, `,"eventName":`...), r.Name)
	identity := r.UserIdentity
	if identity == nil {
		identity = []byte("null")
	}
	b = appendMember(b, `,"userIdentity":`, identity)
	b = jsontok.AppendString(append(b, `,"recordFormat":"application/json","tableName":`...), r.Table)
	at := r.Time.UnixMilli()
	if r.Precision == Microsecond {
		at = r.Time.UnixMicro()
	}
	b = strconv.AppendInt(append(b, `,"dynamodb":{"ApproximateCreationDateTime":`...), at, 10)
	b = appendMember(b, `,"Keys":`, r.Keys)
	b = appendMember(b, `,"NewImage":`, r.New)
	b = appendMember(b, `,"OldImage":`, r.Old)
	b = appendMember(b, `,"SizeBytes":`, r.SizeBytes)
	if r.Precision != "" {
		b = jsontok.AppendString(append(b, `,"ApproximateCreationDateTimePrecision":`...), r.Precision)
	}
	return append(b, `},"eventSource":"aws:dynamodb"}`...)
}

// appendMember appends a member of an object, unless its value is absent.
func appendMember(b []byte, name string, value []byte) []byte {
	if value == nil {
		return b
	}
	return append(append(b, name...), value...)
}
