package event

import (
	"encoding/json"
	"time"
)

// Failure is the record of a batch that was given up, as an on-failure destination
// gets it.
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
type Failure struct {
	RequestContext  *RequestContext  `json:"requestContext,omitempty"`
	Context         *PipeContext     `json:"context,omitempty"`
	ResponseContext *ResponseContext `json:"responseContext,omitempty"`
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	Batch           *StreamBatch     `json:"DDBStreamBatchInfo"`
}

// Conditions of a Failure.
const (
	RetryAttemptsExhausted = "RetryAttemptsExhausted"
	RecordAgeExceeded      = "RecordAgeExceeded"
)

// RequestContext says which invocation was the last.
type RequestContext struct {
	RequestID   string `json:"requestId"`
	FunctionARN string `json:"functionArn"`
	Condition   string `json:"condition"`
	Invocations int    `json:"approximateInvokeCount"`
}

// PipeContext says which pipe gave up, in place of a RequestContext.
type PipeContext struct {
	PipeARN   string `json:"partnerResourceArn"`
	Condition string `json:"condition"`
}

// ResponseContext says what came of it.
type ResponseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError,omitempty"`
}

// StreamBatch says where the records are.
type StreamBatch struct {
	ShardID   string `json:"shardId"`
	First     string `json:"startSequenceNumber"`
	Last      string `json:"endSequenceNumber"`
	FirstTime string `json:"approximateArrivalOfFirstRecord"`
	LastTime  string `json:"approximateArrivalOfLastRecord"`
	Size      int    `json:"batchSize"`
	StreamARN string `json:"streamArn"`
}

// AppendJSON appends the record.
func (f *Failure) AppendJSON(b []byte) ([]byte, error) {
	text, err := json.Marshal(f)
	return append(b, text...), err
}

// Instant is how a Failure writes when it was made.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Arrival is how a Failure writes when a record arrived.
func Arrival(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
