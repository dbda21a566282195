package dynamodb

import (
	"context"
	"errors"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/capacity"
)

// maxTransactionSize is the size in bytes of all items of a transaction
// together (API reference, TransactWriteItems).
const maxTransactionSize = 4 << 20

// TransactWriteItems carries out up to 100 actions on different items, all or
// none.
func (e *Engine) TransactWriteItems(_ context.Context, c *api.Caller, in *ddb.TransactWriteItemsInput) (*ddb.TransactWriteItemsOutput, error) {
	writes, err := e.transactWrites(c, in.TransactItems)
	if err != nil {
		return nil, err
	}
	if err := checkTransaction(writes); err != nil {
		return nil, err
	}
	var tok *token
	if in.ClientRequestToken.OK {
		tok = newToken(c.Namespace, in.ClientRequestToken.V, fingerprint(in.TransactItems))
	}
	failed, err := e.commitTransaction(writes, tok)
	if err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, cancellation(failed)
	}
	tables := func(i int) string { return actionTable(&in.TransactItems[i]) }
	out := &ddb.TransactWriteItemsOutput{
		ConsumedCapacity:      transactConsumed(writes, tables, in.ReturnConsumedCapacity),
		ItemCollectionMetrics: collections(writes, in.ReturnItemCollectionMetrics),
	}
	return out, nil
}

// transactWrites makes the writes of the actions. The expressions of all actions are
// checked before the table of any.
func (e *Engine) transactWrites(c *api.Caller, items []ddb.TransactWriteItem) ([]*write, error) {
	writes, actions := make([]*write, len(items)), make([]action, len(items))
	for i := range items {
		writes[i] = &actions[i].write
		if err := actions[i].parse(&items[i]); err != nil {
			return nil, err
		}
	}
	for i := range actions {
		a := &actions[i]
		if _, err := tableName(c, a.tableName); err != nil {
			return nil, err
		}
		if err := e.targetAction(c, a); err != nil {
			return nil, cancelled(len(writes), i, err)
		}
	}
	return writes, nil
}

// action is one action of a transaction before its table is known.
type action struct {
	write
	tableName string
}

// parse makes the write of one action and parses its expressions. What is wrong with one
// action comes before what is with the next: with values of its expressions, with these,
// and then with its item or key.
func (a *action) parse(t *ddb.TransactWriteItem) error {
	x, mode, n := expressions{}, api.Opt[string]{}, 0
	if p := t.Put; p != nil {
		n++
		a.op, a.item, a.tableName, mode = opPut, p.Item, p.TableName.V, p.ReturnValuesOnConditionCheckFailure
		x = expressions{names: p.ExpressionAttributeNames, values: p.ExpressionAttributeValues, condition: p.ConditionExpression}
	}
	if u := t.Update; u != nil {
		n++
		a.op, a.key, a.tableName, mode = opUpdate, u.Key, u.TableName.V, u.ReturnValuesOnConditionCheckFailure
		x = expressions{names: u.ExpressionAttributeNames, values: u.ExpressionAttributeValues, condition: u.ConditionExpression, update: u.UpdateExpression}
	}
	if d := t.Delete; d != nil {
		n++
		a.op, a.key, a.tableName, mode = opDelete, d.Key, d.TableName.V, d.ReturnValuesOnConditionCheckFailure
		x = expressions{names: d.ExpressionAttributeNames, values: d.ExpressionAttributeValues, condition: d.ConditionExpression}
	}
	if k := t.ConditionCheck; k != nil {
		n++
		a.op, a.key, a.tableName, mode = opCheck, k.Key, k.TableName.V, k.ReturnValuesOnConditionCheckFailure
		x = expressions{names: k.ExpressionAttributeNames, values: k.ExpressionAttributeValues, condition: k.ConditionExpression}
	}
	if n != 1 {
		return api.Validation("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	if refused := api.InExpression(t.Refused); refused != nil {
		return api.CheckOlder.Refusal(refused)
	}
	x.idle = true
	p, err := x.parse()
	if err == nil && t.Refused != nil {
		err = api.CheckOlder.Refusal(t.Refused)
	}
	a.cond, a.update, a.keep = p.condition, p.update, keepsItem(mode)
	return err
}

func (e *Engine) targetAction(c *api.Caller, a *action) error {
	switch a.op {
	case opPut:
		if err := a.measure(); err != nil {
			return err
		}
		return e.targetItem(c, &a.write, a.tableName)
	case opUpdate:
		return e.targetUpdate(c, &a.write, a.tableName, a.key)
	}
	return e.targetKey(c, &a.write, a.tableName, a.key)
}

// checkTransaction checks what concerns the actions together.
func checkTransaction(writes []*write) error {
	for _, w := range writes {
		if err := w.v.admitTransaction(); err != nil {
			return err
		}
	}
	if repeated(writes) {
		return api.Validation(msgTransactionRepeats)
	}
	size := 0
	for _, w := range writes {
		if size += w.size; size > maxTransactionSize {
			return api.Validation(msgTransactionSize)
		}
	}
	return nil
}

// cancelled is the answer to a transaction of n actions whose action i cannot
// be done: a missing table, an empty key or an item that is too large fails the
// request, anything else cancels it.
func cancelled(n, i int, err error) error {
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "ValidationException" || e.Message == msgItemSize {
		return err
	}
	failed := make([]error, n)
	failed[i] = err
	return cancellation(failed)
}

// cancellation makes the TransactionCanceledException of the actions' errors. The
// service finds an empty key before the transaction begins; that fails the
// request.
func cancellation(failed []error) error {
	reasons, codes := make([]api.CancellationReason, len(failed)), make([]string, len(failed))
	for i, err := range failed {
		reasons[i].Code = "None"
		var e *api.Error
		if errors.As(err, &e) {
			if strings.HasPrefix(e.Message, msgNotValid) {
				return e
			}
			reasons[i] = api.CancellationReason{Code: reasonCode(e.Code), Message: e.Message, Item: e.Item}
		}
		codes[i] = reasons[i].Code
	}
	err := api.Errorf(ddb.CodeTransactionCanceledException,
		"Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	err.Reasons = reasons
	return err
}

// reasonCode is the name of an error among cancellation reasons.
func reasonCode(code string) string {
	switch code {
	case ddb.CodeConditionalCheckFailedException:
		return "ConditionalCheckFailed"
	case ddb.CodeTransactionConflictException:
		return "TransactionConflict"
	case ddb.CodeItemCollectionSizeLimitExceededException:
		return "ItemCollectionSizeLimitExceeded"
	case ddb.CodeProvisionedThroughputExceededException:
		return "ProvisionedThroughputExceeded"
	case ddb.CodeThrottlingException:
		return "ThrottlingError"
	case ddb.CodeDuplicateItemException:
		return "DuplicateItem"
	case ddb.CodeResourceNotFoundException:
		return "ResourceNotFound"
	case "ValidationException":
		return "ValidationError"
	}
	return code
}

// transactConsumed returns the capacity by table, which table gives the name of
// for each write. A repeat of a token costs
// reads only.
func transactConsumed(writes []*write, table func(int) string, mode api.Opt[string]) []ddb.ConsumedCapacity {
	if mode.V == "" || mode.V == ddb.ReturnConsumedCapacityNone {
		return nil
	}
	var usages []*usage
	for i, w := range writes {
		u := usageOf(&usages, table(i))
		if w.replayed {
			u.write = false
			u.table += capacity.TransactionFactor * capacity.ReadUnits(w.newSize, true)
			continue
		}
		u.addWrite(w)
	}
	list := make([]ddb.ConsumedCapacity, len(usages))
	for i, u := range usages {
		list[i] = *u.report(mode)
	}
	return list
}

func usageOf(usages *[]*usage, name string) *usage {
	for _, u := range *usages {
		if u.name == name {
			return u
		}
	}
	u := &usage{name: name, write: true, transact: true}
	*usages = append(*usages, u)
	return u
}

func actionTable(t *ddb.TransactWriteItem) string {
	switch {
	case t.Put != nil:
		return t.Put.TableName.V
	case t.Update != nil:
		return t.Update.TableName.V
	case t.Delete != nil:
		return t.Delete.TableName.V
	}
	return t.ConditionCheck.TableName.V
}
