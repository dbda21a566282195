package pipeline

import (
	"bytes"
	"encoding/json"
)

// response is what a function says of a batch.
type response struct {
	Failures []struct {
		ID *string `json:"itemIdentifier"`
	} `json:"batchItemFailures"`
	State json.RawMessage `json:"state"`
}

// failedItems returns the ids of the items that a function reports as failed.
// whole says that all count as failed: the response cannot be read, or names
// nothing.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func failedItems(payload []byte) (ids map[string]bool, whole bool) {
	text := bytes.TrimSpace(payload)
	if len(text) == 0 || bytes.Equal(text, []byte("null")) || bytes.Equal(text, []byte(`""`)) {
		return nil, false
	}
	var r response
	if json.Unmarshal(text, &r) != nil {
		return nil, true
	}
	ids = map[string]bool{}
	for _, f := range r.Failures {
		if f.ID == nil || *f.ID == "" {
			return nil, true
		}
		ids[*f.ID] = true
	}
	return ids, false
}
