package dynamodb

import (
	"context"
	"errors"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// BatchExecuteStatement carries out up to 25 PartiQL statements, which either read
// or write one item each. Each succeeds or fails by itself.
func (e *Engine) BatchExecuteStatement(ctx context.Context, c *api.Caller, in *ddb.BatchExecuteStatementInput) (*ddb.BatchExecuteStatementOutput, error) {
	members := make([]batchMember, len(in.Statements))
	for i := range members {
		m := &members[i]
		m.in, m.mode = &in.Statements[i], in.ReturnConsumedCapacity
		m.statement, m.err = parseStatement(m.in.Statement.V, m.in.Parameters)
	}
	if readsAndWrites(members) {
		return nil, api.Validation("BatchExecuteStatement API does not support both read and write operations in the same request.")
	}
	out := &ddb.BatchExecuteStatementOutput{Responses: make([]ddb.BatchStatementResponse, len(members))}
	for i := range members {
		m := &members[i]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if m.err == nil {
			m.err = e.executeMember(c, m)
		}
		if err := m.respond(&out.Responses[i]); err != nil {
			return nil, err
		}
		if m.used != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *m.used)
		}
	}
	return out, nil
}

// batchMember is one statement of a batch and what came of it.
type batchMember struct {
	in        *ddb.BatchStatementRequest
	mode      api.Opt[string] // ReturnConsumedCapacity
	statement *partiql.Statement

	reached bool // its table was asked
	item    attr.Item
	used    *ddb.ConsumedCapacity
	err     error
}

// readsAndWrites reports whether there are both reads and writes.
func readsAndWrites(members []batchMember) bool {
	var reads, writes bool
	for i := range members {
		if s := members[i].statement; s != nil {
			reads = reads || s.Verb == partiql.Select
			writes = writes || s.Verb != partiql.Select
		}
	}
	return reads && writes
}

func (e *Engine) executeMember(c *api.Caller, m *batchMember) error {
	switch m.statement.Verb {
	case partiql.Exists:
		return api.Validation(msgExistsElsewhere)
	case partiql.Select:
		return e.memberSelect(c, m)
	}
	w, reached, err := e.executeWrite(c, m.statement, m.in.ReturnValuesOnConditionCheckFailure)
	m.reached = reached
	if err != nil {
		return err
	}
	m.item = w.returned(m.statement.Returning)
	m.used = w.consumed(m.statement.Table, m.mode)
	return nil
}

// memberSelect reads the one item of a SELECT.
func (e *Engine) memberSelect(c *api.Caller, m *batchMember) error {
	s, consistent := m.statement, m.in.ConsistentRead.V
	v, err := e.statementView(c, s)
	if err != nil {
		return err
	}
	if _, err := v.planSelect(s, consistent); err != nil {
		return err
	}
	key, ok := v.pinned(s)
	if !ok {
		return errNotByKey("BatchExecuteStatement")
	}
	row, err := v.projectedRow(key, s.Projection)
	if err != nil {
		return err
	}
	m.reached = true
	v.accessedRow(row)
	raw, found, err := e.store.Get(row, nil)
	if err == nil {
		err = v.admitRead(row, raw, consistent)
	}
	if err == nil && consistent {
		err = e.latchesOf(v).settle(row)
	}
	if err != nil {
		return err
	}
	u := usage{name: s.Table}
	if err := u.addRead(raw, consistent); err != nil {
		return err
	}
	m.used = u.report(m.mode)
	if found {
		m.item, err = projected(raw, s.Projection)
	}
	return err
}

// respond makes the answer to the statement. An error that is not of the service
// fails the whole batch.
func (m *batchMember) respond(r *ddb.BatchStatementResponse) error {
	if m.reached {
		r.TableName = api.Some(m.statement.Table)
	}
	if m.err == nil {
		r.Item = m.item
		return nil
	}
	var e *api.Error
	if !errors.As(m.err, &e) || e.Fault != api.Client {
		return m.err
	}
	r.Error = &ddb.BatchStatementError{Code: api.Some(reasonCode(e.Code)), Message: api.Some(e.Message), Item: e.Item}
	return nil
}
