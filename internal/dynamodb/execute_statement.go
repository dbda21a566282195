package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// ExecuteStatement carries out one PartiQL statement: it writes one item, or reads
// a page of many.
func (e *Engine) ExecuteStatement(ctx context.Context, c *api.Caller, in *ddb.ExecuteStatementInput) (*ddb.ExecuteStatementOutput, error) {
	s, err := parseStatement(in.Statement.V, in.Parameters)
	if err != nil {
		return nil, err
	}
	switch s.Verb {
	case partiql.Exists:
		return nil, api.Validation(msgExistsElsewhere)
	case partiql.Select:
		return e.executeSelect(ctx, c, s, in)
	}
	w, _, err := e.executeWrite(c, s, in.ReturnValuesOnConditionCheckFailure)
	if err != nil {
		return nil, err
	}
	out := &ddb.ExecuteStatementOutput{
		Items:            []attr.Item{},
		ConsumedCapacity: w.consumed(s.Table, in.ReturnConsumedCapacity),
	}
	if item := w.returned(s.Returning); !item.IsZero() {
		out.Items = append(out.Items, item)
	}
	return out, nil
}
