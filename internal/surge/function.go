package surge

import (
	"context"
	"encoding/json"
	"strconv"
	"sync/atomic"
)

// function stores the messages that an event source mapping hands to it.
type function struct {
	run         *run
	invocations atomic.Uint64
}

// queueEvent is the event of a queue, as far as it matters here.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
type queueEvent struct {
	Records []struct {
		MessageID     string            `json:"messageId"`
		ReceiptHandle string            `json:"receiptHandle"`
		Body          string            `json:"body"`
		Attributes    map[string]string `json:"attributes"`
	}
}

// batchResponse says which messages of an event are to come again.
type batchResponse struct {
	Failures []batchFailure `json:"batchItemFailures"`
}

type batchFailure struct {
	ID string `json:"itemIdentifier"`
}

// invoke is one invocation. One that is killed fails, so that all its messages come again.
func (f *function) invoke(ctx context.Context, event []byte) ([]byte, error) {
	var in queueEvent
	if err := json.Unmarshal(event, &in); err != nil {
		return nil, err
	}
	s := f.run.newStorer(f.invocations.Add(1) | 1<<33)
	deliveries := make([]*delivery, 0, len(in.Records))
	failed := map[string]bool{}
	for _, rec := range in.Records {
		failed[rec.MessageID] = true
		receives, _ := strconv.Atoi(rec.Attributes["ApproximateReceiveCount"])
		if d := s.read(rec.Body, rec.MessageID, rec.ReceiptHandle, receives); d != nil {
			deliveries = append(deliveries, d)
		}
	}
	done, err := s.handle(f.run.traffic.of(ctx), deliveries)
	if err != nil && len(done) == 0 {
		return nil, err
	}
	for _, d := range done {
		delete(failed, d.id)
	}
	out := batchResponse{Failures: []batchFailure{}}
	for id := range failed {
		out.Failures = append(out.Failures, batchFailure{id})
	}
	return json.Marshal(out)
}
