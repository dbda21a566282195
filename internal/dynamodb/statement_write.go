package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// A write of PartiQL is a put, an update or a deletion under a condition: INSERT
// that there is no item, UPDATE that there is one, and both UPDATE and DELETE what
// their WHERE says besides the key. DELETE of an item that is not there does
// nothing, whatever its WHERE says.

// checkWrite refuses a write that is not of one item of a table. What it says of a
// key, a transaction leaves to target.
func checkWrite(v *view, s *partiql.Statement) error {
	if s.Verb == partiql.Insert {
		for _, a := range v.Key.attrs() {
			if _, ok := s.Item.Get(a.Name); !ok {
				return api.Validation("Key attribute should be present in the item: Key %s", a.Name)
			}
		}
		return v.Key.checkKinds(s.Item)
	}
	pins := s.Pin(v.Key.names())
	if pins.Conflict != "" {
		return errConflictingKey(pins)
	}
	if len(pins.Key) < len(v.Key.attrs()) {
		return api.Validation("Where clause does not contain a mandatory equality on all key attributes")
	}
	return v.Key.checkKinds(pins.Key)
}

// checkNoIndex refuses a write to an index.
func checkNoIndex(s *partiql.Statement) error {
	if s.Index != "" {
		return api.Validation("This operation is not supported on an index")
	}
	return nil
}

func errConflictingKey(pins *partiql.Pins) error {
	return api.Validation("Multiple conditions on same key %s. Only single item Update/Insert/Delete are supported", pins.Conflict)
}

// statementWrite makes the write of a statement on the table of a view and checks
// it like that of any other operation.
func (e *Engine) statementWrite(c *api.Caller, v *view, s *partiql.Statement, mode api.Opt[string]) (w *write, err error) {
	w = &write{keep: keepsItem(mode)}
	hash := v.Key.Hash[0].Name
	if s.Verb == partiql.Insert {
		w.op, w.item, w.cond = opPut, s.Item, partiql.NotThere(hash)
		if err := w.measure(); err != nil {
			return nil, err
		}
		return w, e.targetItem(c, w, s.Table)
	}
	pins := s.Pin(v.Key.names())
	switch s.Verb {
	case partiql.Update:
		w.op, w.update = opUpdate, s.Update
		w.cond, err = pins.IfExists(hash)
	case partiql.Delete:
		w.op = opDelete
		w.cond, err = pins.UnlessExists(hash)
	case partiql.Exists:
		w.op = opCheck
		w.cond, err = pins.IfExists(hash)
	}
	if err != nil {
		return nil, invalid(err)
	}
	if pins.Conflict != "" && s.Verb != partiql.Exists {
		return nil, errConflictingKey(pins)
	}
	return w, e.targetUpdate(c, w, s.Table, pins.Key)
}

// executeWrite carries out a write that is a statement of its own.
// reached tells that it came to look at the item.
func (e *Engine) executeWrite(c *api.Caller, s *partiql.Statement, mode api.Opt[string]) (w *write, reached bool, err error) {
	if err := checkNoIndex(s); err != nil {
		return nil, false, err
	}
	v, err := e.statementView(c, s)
	if err != nil {
		return nil, false, err
	}
	if err := checkWrite(v, s); err != nil {
		return nil, false, err
	}
	if w, err = e.statementWrite(c, v, s, mode); err != nil {
		return nil, false, err
	}
	if err := e.commitOne(w); err != nil {
		return nil, true, statementFailed(s, err)
	}
	return w, true, nil
}

// returned is what the RETURNING clause asks for of a write that was done.
func (w *write) returned(r partiql.Returning) attr.Item {
	return w.updated(api.Some(returningValues[r]))
}

// returningValues are the ReturnValues that RETURNING clauses mean.
var returningValues = [...]string{
	partiql.ReturnNothing:     ddb.ReturnValueNone,
	partiql.ReturnAllOld:      ddb.ReturnValueAllOld,
	partiql.ReturnModifiedOld: ddb.ReturnValueUpdatedOld,
	partiql.ReturnAllNew:      ddb.ReturnValueAllNew,
	partiql.ReturnModifiedNew: ddb.ReturnValueUpdatedNew,
}
