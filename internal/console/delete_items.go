package console

import (
	"net/http"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

const (
	// maxDelete is how many items a form deletes: those of a page.
	maxDelete = pageItems
	// batchWrites is how many a BatchWriteItem takes.
	batchWrites = 25
)

// deleteItems deletes the items that were chosen in the list, if the name of the
// table was typed. They go whatever they have become meanwhile.
func (v *visit) deleteItems() error {
	t, err := v.table("items")
	if err != nil {
		return err
	}
	chosen := v.r.PostForm["key"]
	if len(chosen) > maxDelete {
		return refusal{status: http.StatusBadRequest, key: "error.form"}
	}
	keys := make([]attr.Map, len(chosen))
	for i, text := range chosen {
		if keys[i], err = parseItem(text); err != nil {
			return err
		}
	}
	switch {
	case len(keys) == 0:
		v.problem, v.status = v.text("items.nonechosen"), http.StatusUnprocessableEntity
		return v.browseAgain(t, nil)
	case !v.isNamed(t.TableName.V):
		return v.browseAgain(t, chosen)
	}
	for begin := 0; begin < len(keys); begin += batchWrites {
		if err := v.deleteBatch(t, keys[begin:min(begin+batchWrites, len(keys))]); err != nil {
			if !v.refused(err) {
				return err
			}
			return v.browseAgain(t, chosen[begin:])
		}
	}
	query := v.r.URL.Query()
	query.Set("done", "items.deleted")
	return v.redirect(t.Path + "?" + query.Encode())
}

// deleteBatch deletes a few items. What is throttled is an error: the rest of the
// batch is gone.
func (v *visit) deleteBatch(t *described, keys []attr.Map) error {
	requests := make([]ddb.WriteRequest, len(keys))
	for i, key := range keys {
		requests[i].DeleteRequest = &ddb.DeleteRequest{Key: key}
	}
	in := &ddb.BatchWriteItemInput{RequestItems: api.Map[[]ddb.WriteRequest]{{Key: t.TableName.V, Value: requests}}}
	out, err := call[*ddb.BatchWriteItemOutput](v, ddb.Target, "BatchWriteItem", in)
	if err != nil {
		return err
	}
	for _, left := range out.UnprocessedItems {
		if len(left.Value) > 0 {
			return api.Errorf("ThrottlingException", "%s", v.text("items.throttled", len(left.Value)))
		}
	}
	return nil
}
