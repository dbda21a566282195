package dynamodb

import (
	"bytes"
	"errors"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

const msgStartKey = "The provided starting key is invalid"

// checkStart checks the attributes of an ExclusiveStartKey that are part of a
// key.
func (k *keySchema) checkStart(attrs []keyAttr, start attr.Map) error {
	for _, a := range attrs {
		value, ok := start.Get(a.Name)
		if !ok {
			return api.Validation(msgStartKey)
		}
		if value.Kind() != a.Kind {
			return api.Validation(msgKeySchema)
		}
	}
	return k.checkValues(start)
}

// checkTableStart checks the part of an ExclusiveStartKey that is the key of
// the table.
func (v *view) checkTableStart(start attr.Map) error {
	err := v.checkKey(v.Key.keyAttrs(start))
	var e *api.Error
	if errors.As(err, &e) {
		return api.Validation(msgStartKey+": %s", e.Message)
	}
	return err
}

// after narrows a range to what comes after a row in its direction.
func after(r kv.Range, row []byte) kv.Range {
	if r.Reverse {
		if r.End == nil || bytes.Compare(row, r.End) < 0 {
			r.End = row
		}
		return r
	}
	if next := append(row, 0); bytes.Compare(next, r.Start) > 0 {
		r.Start = next
	}
	return r
}
