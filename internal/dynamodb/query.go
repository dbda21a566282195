package dynamodb

import (
	"context"
	"errors"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// Query returns the items of one partition of a table or index, in the order of
// their sort key.
func (e *Engine) Query(ctx context.Context, c *api.Caller, in *ddb.QueryInput) (*ddb.QueryOutput, error) {
	p, err := parseQuery(in)
	if err != nil {
		return nil, err
	}
	v, err := e.view(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	s, err := v.source(in.IndexName, in.ConsistentRead.V)
	if err != nil {
		return nil, err
	}
	selection, err := s.selection(p.key, in.ExclusiveStartKey)
	if err != nil {
		return nil, err
	}
	if err := s.checkQuery(&p, in.Select); err != nil {
		return nil, err
	}
	rows := s.rows(&selection)
	s.accessedPartition(selection.Partition)
	rows.Reverse = !in.ScanIndexForward.Or(true)
	if in.ExclusiveStartKey != nil {
		rows = after(rows, s.row(in.ExclusiveStartKey))
	}
	pg := newPage(s, &p, in.Select, in.Limit, in.ConsistentRead.V)
	if err := e.fill(ctx, pg, rows); err != nil {
		return nil, err
	}
	out := pg.output(in.TableName.V, in.ReturnConsumedCapacity)
	return &out, nil
}

// parseQuery checks what needs no table.
func parseQuery(in *ddb.QueryInput) (p parsed, err error) {
	x := expressions{
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		key: in.KeyConditionExpression, filter: in.FilterExpression, projection: in.ProjectionExpression,
		legacy: legacy{
			attributes: in.AttributesToGet, filter: in.QueryFilter, filterKind: expr.QueryFilter,
			operator: in.ConditionalOperator, keys: in.KeyConditions,
		},
		keyed: true,
		null:  "FilterExpression and KeyConditionExpression are null",
	}
	if err := x.checkStyle(); err != nil {
		return p, err
	}
	var wrong *api.Error
	if errors.As(checkSelect(in.Select, in.IndexName.OK, x.projectedBy()), &wrong) {
		// The service words it as a violated constraint, but not in a Scan.
		return p, api.Validation("1 validation error detected: %s", wrong.Message)
	}
	if p, err = x.parse(); err != nil {
		return p, err
	}
	return p, invalid(p.key.Check())
}

// checkQuery checks the expressions against the table.
func (s source) checkQuery(p *parsed, selected api.Opt[string]) error {
	if p.projection != nil {
		if err := s.v.checkScalars(p.projection); err != nil {
			return err
		}
	}
	if p.filter != nil {
		for _, a := range s.key().attrs() {
			if err := p.filter.CheckFilter(a.Name); err != nil {
				return invalid(err)
			}
		}
	}
	if err := s.checkAttributes(selected, p); err != nil {
		return err
	}
	if p.filter != nil {
		return s.v.checkScalars(p.filter)
	}
	return nil
}

// selection binds a key condition to the source and checks the starting key,
// nil for none, against it. Its checks are in the order of the service.
func (s source) selection(k *expr.KeyCondition, start attr.Map) (sel expr.KeyRange, err error) {
	key := s.key()
	if start != nil {
		if len(start) != len(s.place()) {
			return sel, api.Validation(msgStartKey)
		}
		if err := key.checkStart(key.Hash, start); err != nil {
			return sel, err
		}
	}
	if sel, err = k.Bind(key.bindable()); err != nil {
		return sel, invalid(err)
	}
	if start != nil {
		if err := key.checkStart(key.Range, start); err != nil {
			return sel, err
		}
	}
	if err := key.checkSelection(&sel); err != nil || start == nil {
		return sel, err
	}
	if err := s.v.checkTableStart(start); err != nil {
		return sel, err
	}
	return sel, key.checkWithin(&sel, start)
}

// checkSelection checks the values of a key condition as keys.
func (k *keySchema) checkSelection(sel *expr.KeyRange) error {
	for i := range k.Hash {
		if err := checkPartitionValue(k.Hash[i].Name, sel.Partition[i]); err != nil {
			return err
		}
	}
	for i := range sel.Leading {
		if err := checkSortValue(k.Range[i].Name, sel.Leading[i]); err != nil {
			return err
		}
	}
	for _, value := range [2]attr.Value{sel.Value, sel.Upper} {
		if value.IsZero() {
			break
		}
		if err := checkSortValue(k.Range[len(sel.Leading)].Name, value); err != nil {
			return err
		}
	}
	return nil
}

// checkWithin checks that a starting key lies where the query looks.
func (k *keySchema) checkWithin(sel *expr.KeyRange, start attr.Map) error {
	same := equalValues(k.Hash, sel.Partition, start)
	if sel.Op == expr.KeyAny {
		if !same {
			return api.Validation("The provided starting key is outside query boundaries based on provided conditions")
		}
		return nil
	}
	sort, _ := start.Get(k.Range[len(sel.Leading)].Name)
	if !equalValues(k.Range, sel.Leading, start) || !contains(sel, sort) {
		return api.Validation("The provided starting key does not match the range key predicate")
	}
	if !same {
		return api.Validation("The query can return at most one row and cannot be restarted")
	}
	return nil
}

// equalValues reports whether the first attributes of a part of a key have those
// values in an item.
func equalValues(attrs []keyAttr, values []attr.Value, item attr.Map) bool {
	for i := range values {
		if value, _ := item.Get(attrs[i].Name); !value.Equal(values[i]) {
			return false
		}
	}
	return true
}
