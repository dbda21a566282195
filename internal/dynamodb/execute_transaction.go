package dynamodb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// ExecuteTransaction carries out up to 100 PartiQL statements, which either read or
// write one item each, all or none. With writes, EXISTS is a condition on an item
// that is not written.
func (e *Engine) ExecuteTransaction(_ context.Context, c *api.Caller, in *ddb.ExecuteTransactionInput) (*ddb.ExecuteTransactionOutput, error) {
	members, err := parseMembers(in.TransactStatements)
	if err != nil {
		return nil, err
	}
	reads := 0
	for i := range members {
		if members[i].Verb == partiql.Select {
			reads++
		}
	}
	if reads > 0 && reads < len(members) {
		return nil, api.Validation("ExecuteTransaction API does not support both read and write operations in the same request.")
	}
	if err := e.findTables(c, members); err != nil {
		return nil, err
	}
	if reads > 0 {
		return e.transactSelects(members, in.ReturnConsumedCapacity)
	}
	return e.transactStatements(c, members, in)
}

// member is one statement of a transaction.
type member struct {
	*partiql.Statement
	v *view
}

// inMember is the error of one statement that fails the whole request.
func inMember(i int, err error) error {
	var e *api.Error
	if !errors.As(err, &e) {
		return err
	}
	return api.Validation("Validation failed in TransactStatements[%d]: %s", i, e.Message)
}

func parseMembers(in []ddb.ParameterizedStatement) ([]member, error) {
	members := make([]member, len(in))
	for i := range in {
		if err := checkParameters(in[i].Parameters); err != nil {
			return nil, err
		}
		var err error
		if members[i].Statement, err = parseStatement(in[i].Statement.V, in[i].Parameters); err != nil {
			return nil, inMember(i, err)
		}
	}
	return members, nil
}

// findTables finds the tables of the statements and checks them. A missing table is
// no reason to cancel the transaction but an error of the request, as the API
// reference lists it, and as it is of TransactWriteItems and TransactGetItems. What
// is wrong with the statements comes first.
func (e *Engine) findTables(c *api.Caller, members []member) (missing error) {
	for i := range members {
		m := &members[i]
		v, err := e.statementView(c, m.Statement)
		var typed *api.Error
		if errors.As(err, &typed) && typed.Code == ddb.CodeResourceNotFoundException {
			missing = cmp.Or(missing, err)
			continue
		}
		if err == nil {
			m.v = v
			err = m.check()
		}
		if err != nil {
			return inMember(i, err)
		}
	}
	return missing
}

// check checks one statement against its table, but for the values of the key.
func (m *member) check() error {
	switch {
	case m.Verb == partiql.Select || m.Verb == partiql.Exists:
		return m.checkRead()
	case m.Returning != partiql.ReturnNothing:
		return api.Validation("RETURNING clause is not supported in ExecuteTransaction.")
	}
	return checkNoIndex(m.Statement)
}

// checkRead refuses what does not read one item by its key.
func (m *member) checkRead() error {
	if m.Index != "" {
		return api.Validation("Reads on indices are not supported within transactions.")
	}
	if m.Verb == partiql.Exists {
		pins := m.Pin(m.v.Key.names())
		if len(pins.Key) < len(m.v.Key.attrs()) || pins.Alone() {
			return api.Validation("EXISTS() must contain a single item read with additional condition")
		}
		return nil
	}
	p := &selectPlan{Statement: m.Statement, source: source{v: m.v}}
	if p.decompose(); p.keyed && p.checkKinds() == nil {
		if err := p.checkBranches(); err != nil {
			return err
		}
	}
	if _, ok := m.v.pinned(m.Statement); !ok {
		return errNotByKey("ExecuteTransaction")
	}
	return nil
}

// cancels takes down the error of statement i, if it cancels the transaction.
func cancels(failed []error, i int, err error) error {
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "ValidationException" || e.Message == msgItemSize {
		return err
	}
	failed[i] = err
	return nil
}

// transactSelects reads the items of SELECTs as they were at one moment.
func (e *Engine) transactSelects(members []member, mode api.Opt[string]) (*ddb.ExecuteTransactionOutput, error) {
	gets, failed := make([]transactGet, len(members)), make([]error, len(members))
	for i, m := range members {
		if err := m.v.admitTransaction(); err != nil {
			return nil, err
		}
		key, _ := m.v.pinned(m.Statement)
		gets[i].v, gets[i].table, gets[i].projection = m.v, m.Table, m.Projection
		var err error
		if gets[i].row, err = m.v.projectedRow(key, m.Projection); err != nil {
			if err := cancels(failed, i, err); err != nil {
				return nil, err
			}
		}
	}
	if first(failed) != nil {
		return nil, cancellation(failed)
	}
	seen := make(map[string]bool, len(gets))
	for i := range gets {
		if seen[string(gets[i].row)] {
			return nil, api.Validation(msgTransactionRepeats)
		}
		seen[string(gets[i].row)] = true
	}
	items, used, err := e.getTogether(gets, mode)
	if err != nil {
		return nil, err
	}
	return &ddb.ExecuteTransactionOutput{Responses: items, ConsumedCapacity: used}, nil
}

// transactStatements carries out writes.
func (e *Engine) transactStatements(c *api.Caller, members []member, in *ddb.ExecuteTransactionInput) (*ddb.ExecuteTransactionOutput, error) {
	writes, failed := make([]*write, len(members)), make([]error, len(members))
	for i, m := range members {
		var err error
		writes[i], err = e.statementWrite(c, m.v, m.Statement, in.TransactStatements[i].ReturnValuesOnConditionCheckFailure)
		if err != nil {
			if err := cancels(failed, i, err); err != nil {
				return nil, err
			}
		}
	}
	if first(failed) != nil {
		return nil, cancellation(failed)
	}
	if err := checkTransaction(writes); err != nil {
		return nil, err
	}
	refused, err := e.commitTransaction(writes, statementsToken(c, in))
	if err != nil {
		return nil, err
	}
	if refused != nil {
		for i, err := range refused {
			refused[i] = statementFailed(members[i].Statement, err)
		}
		return nil, cancellation(refused)
	}
	tables := func(i int) string { return members[i].Table }
	return &ddb.ExecuteTransactionOutput{
		Responses:        []ddb.ItemResponse{},
		ConsumedCapacity: transactConsumed(writes, tables, in.ReturnConsumedCapacity),
	}, nil
}

// statementsToken returns the token of the request, nil if it has none.
func statementsToken(c *api.Caller, in *ddb.ExecuteTransactionInput) *token {
	if !in.ClientRequestToken.OK {
		return nil
	}
	b := []byte{'?'}
	for i := range in.TransactStatements {
		b = appendStatement(b, in.TransactStatements[i].Statement.V, in.TransactStatements[i].Parameters)
	}
	return newToken(c.Namespace, in.ClientRequestToken.V, sha256.Sum256(b))
}
