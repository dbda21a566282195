package sqs

import (
	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// checkBatch checks the entries of a batch against each other. kind is the name
// of their shape.
func checkBatch[E any](entries []E, kind string, id func(*E) string) error {
	if len(entries) == 0 {
		return api.Errorf(model.CodeEmptyBatchRequest, "There should be at least one %s in the request.", kind)
	}
	if len(entries) > maxBatch {
		return api.Errorf(model.CodeTooManyEntriesInBatchRequest,
			"Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(entries))
	}
	for i := range entries {
		if !validName(id(&entries[i])) {
			return api.Errorf(model.CodeInvalidBatchEntryId,
				"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
	}
	for i := range entries {
		for j := range i {
			if id(&entries[i]) == id(&entries[j]) {
				return api.Errorf(model.CodeBatchEntryIdsNotDistinct, "Id %s repeated.", id(&entries[i]))
			}
		}
	}
	return nil
}

// validName reports whether s is of the form that queue names and batch entry
// ids have.
func validName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}

// outcome collects what became of the entries of a batch.
type outcome[R any] struct {
	successful []R
	failed     []model.BatchResultErrorEntry
}

func newOutcome[R any](entries int) *outcome[R] {
	return &outcome[R]{successful: make([]R, 0, entries), failed: []model.BatchResultErrorEntry{}}
}

// fail notes that an entry failed. It returns err if that is not a failure of
// the entry but of the engine.
func (o *outcome[R]) fail(id string, err error) error {
	f, ok := failure(id, err)
	if !ok {
		return err
	}
	o.failed = append(o.failed, f)
	return nil
}
