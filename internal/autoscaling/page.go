package autoscaling

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// maxPage is the number of objects that one answer has at most; of policies it
// is maxPolicyPage.
const (
	maxPage       = 50
	maxPolicyPage = 10
)

// query is what the describing operations have in common.
type query struct {
	kind      byte
	ns        api.Namespace
	service   string
	dimension api.Opt[string]
	max       api.Opt[int64]
	limit     int // of a page, whatever max says
	token     api.Opt[string]
}

// read returns the rows of a query that keep accepts, and the token of the next
// page. What it returns is durable.
func read[T any](e *Engine, q query, keep func(*T) bool) ([]T, api.Opt[string], error) {
	list, next, err := scan(e, q, keep)
	if err != nil {
		return nil, next, err
	}
	return list, next, e.settle()
}

// scan is read without the wait.
func scan[T any](e *Engine, q query, keep func(*T) bool) (list []T, next api.Opt[string], err error) {
	rows, limit, err := q.start()
	if err != nil {
		return nil, next, err
	}
	it := e.store.Scan(rows)
	defer func() { err = errors.Join(err, it.Close()) }()
	var last []byte
	for it.Next() {
		var row T
		if err := decode(it.Key(), it.Value(), &row); err != nil {
			return nil, next, err
		}
		if !keep(&row) {
			continue
		}
		if len(list) == limit {
			next = api.Some(base64.RawURLEncoding.EncodeToString(last))
			break
		}
		list = append(list, row)
		last = append(last[:0], it.Key()[len(prefix(q.kind, q.ns, q.service)):]...)
	}
	return list, next, it.Err()
}

// start checks a query and returns where it begins and how much it may return.
func (q *query) start() (rows kv.Range, limit int, err error) {
	switch {
	case q.max.V < 0:
		return rows, 0, api.Validation("MaxResults cannot be less than 0")
	case q.service != dynamodb && q.dimension.OK:
		return rows, 0, api.Validation("Unsupported service namespace, resource type or scalable dimension")
	}
	limit = q.limit
	if q.max.V > 0 {
		limit = int(min(q.max.V, int64(limit)))
	}
	start := prefix(q.kind, q.ns, q.service)
	rows = kv.PrefixRange(start)
	if q.token.OK {
		after, err := base64.RawURLEncoding.DecodeString(q.token.V)
		if err != nil || len(after) == 0 || bytes.IndexByte(after, 0) < 0 {
			return rows, 0, api.Errorf(model.CodeInvalidNextTokenException, "The specified next token is invalid")
		}
		rows.Start = slices.Concat(start, after, []byte{0})
	}
	return rows, limit, nil
}

// among reports whether a name is in a list, or the list is empty.
func among(name string, list []string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}

// matches reports whether a name is the one asked for, if one is.
func matches(name string, want api.Opt[string]) bool { return !want.OK || name == want.V }
