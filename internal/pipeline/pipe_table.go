package pipeline

import (
	"errors"
	"math/bits"
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// tableTarget is a table as the target of a pipe, which is Levee's own: an input is
// an action as of TransactWriteItems, a Put, Update or Delete without TableName.
type tableTarget struct {
	table string // ARN
	// mirror says that inputs are the records of a stream, each with the image that
	// it leaves behind.
	mirror bool
	keys   []string // names of the key attributes
}

// newTableTarget returns the target for a pipe. Without the names of the keys,
// which are for knowing what can be together, it works as well.
func newTableTarget(e *Engine, p *pipe, to target) *tableTarget {
	t := &tableTarget{table: to.arn, mirror: p.Template == "" && p.Enrichment == ""}
	out, err := e.opts.Tables.DescribeTable(e.closing, callerOf(to.ns), &ddb.DescribeTableInput{TableName: api.Some(to.name)})
	if err == nil {
		for _, k := range out.Table.KeySchema {
			t.keys = append(t.keys, k.AttributeName.V)
		}
	}
	return t
}

var errNoAction = errors.New(`what a table gets must be {"Put":{"Item":...}}, {"Update":{"Key":...,...}} or {"Delete":{"Key":...}}`)

func (t *tableTarget) action(in *input) (a leveeapi.TransactItem, about string, err error) {
	if t.mirror {
		a.TransactWriteItem, err = mirrored(in.text)
	} else {
		err = readAction(in.text, &a)
	}
	if err != nil {
		return a, "", err
	}
	name := api.Some(t.table)
	switch {
	case bits.OnesCount16(a.Kinds()) != 1:
		return a, "", errNoAction
	case a.Put != nil:
		a.Put.TableName, about = name, t.keyOf(a.Put.Item)
	case a.Update != nil:
		a.Update.TableName, about = name, t.keyOf(a.Update.Key)
	case a.Delete != nil:
		a.Delete.TableName, about = name, t.keyOf(a.Delete.Key)
	default:
		return a, "", errNoAction
	}
	var v api.Violations
	(&ddb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{a.TransactWriteItem}}).Validate(&v)
	return a, about, v.Err()
}

// keyOf returns the key of an item as text.
func (t *tableTarget) keyOf(m attr.Map) string {
	var key attr.Map
	for _, a := range m {
		if slices.Contains(t.keys, a.Name) {
			key = append(key, a)
		}
	}
	return string(attr.ItemOf(key).AppendJSON(nil))
}

// mirrored returns the action that makes of an item what a record says of it.
func mirrored(text []byte) (a ddb.TransactWriteItem, err error) {
	c, err := readChange(text)
	switch {
	case err != nil:
		return a, err
	case c.removed:
		a.Delete = &ddb.Delete{Key: c.keys}
	case c.image == nil:
		return a, errors.New("the record has no new image")
	default:
		a.Put = &ddb.Put{Item: c.image}
	}
	return a, nil
}

// readAction reads an action from JSON.
func readAction(text []byte, into *leveeapi.TransactItem) error {
	var d jsontok.Decoder
	d.Reset(text)
	into.ReadJSON(&d)
	return errors.Join(d.End(), d.Noted())
}
