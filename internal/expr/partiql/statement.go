package partiql

import (
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// Statement is a statement with its parameters in place.
type Statement struct {
	Verb  Verb
	Table string
	Index string // of a SELECT that reads one

	Item       attr.Map         // of INSERT
	Update     *expr.Update     // of UPDATE
	Projection *expr.Projection // of SELECT; nil for *
	Filter     *expr.Condition  // the whole WHERE; nil if there is none
	Order      []Order
	Returning  Returning
	// Unreadable is what is wrong with the columns of a SELECT that reads an index,
	// which DynamoDB says only once it has looked at the index.
	Unreadable error

	where *node
}

// Order is one term of ORDER BY.
type Order struct {
	Attribute  string
	Descending bool
}

// Parse reads a statement. All errors are of type expr.Error: the first part of the
// statement that the language does not have or, if it has all of them, the first
// that DynamoDB does not have.
func Parse(src string, params []attr.Value) (*Statement, error) {
	t, err := parse(src)
	if err != nil {
		return nil, err
	}
	if t.unmeant != nil {
		return nil, t.unmeant
	}
	for _, p := range params {
		if why := p.Refusal(); why != "" {
			return nil, errorf("%s", why)
		}
	}
	m := meaning{tree: t, params: params, Statement: &Statement{Verb: t.verb, Returning: t.returning, where: t.where}}
	return m.Statement, m.find()
}

// Target returns what a statement does, and to which table or index, whatever its
// parameters. It is not ok for one that is not well formed or that DynamoDB has no
// table for.
func Target(src string) (verb Verb, table, index string, ok bool) {
	t, err := parse(src)
	if err != nil || t.unmeant != nil {
		return 0, "", "", false
	}
	m := meaning{tree: t, Statement: &Statement{}}
	if err := m.findSource(); err != nil {
		return 0, "", "", false
	}
	return t.verb, m.Table, m.Index, true
}

// meaning works out what a tree means.
type meaning struct {
	*tree
	params []attr.Value
	*Statement
}

// find fills the statement.
func (m *meaning) find() error {
	if err := m.findSource(); err != nil {
		return err
	}
	steps := [...]func() error{Select: m.findSelect, Exists: m.findSelect, Insert: m.findItem, Update: m.findUpdate, Delete: noMore}
	if err := steps[m.tree.verb](); err != nil || m.tree.where == nil {
		return err
	}
	var err error
	m.Filter, err = m.condition(m.tree.where)
	return err
}

func noMore() error { return nil }

// findSource takes the table and the index from the path.
func (m *meaning) findSource() error {
	for _, name := range m.source {
		if name == "" {
			return errorf(textSourceEmpty)
		}
	}
	if len(m.source) > 1 && m.tree.verb == Insert {
		return errorf(textInsertSource)
	}
	if len(m.source) > 2 {
		return errorf(textSourceTooLong)
	}
	m.Table = m.source[0]
	if len(m.source) == 2 {
		m.Index = m.source[1]
	}
	return nil
}

// findSelect takes the columns and the order.
func (m *meaning) findSelect() error {
	var paths []expr.Path
	var names []string
	seen := map[string]bool{}
	for _, c := range m.columns {
		if c.kind != nodePath {
			err := errorAt(c.at, textPathComponent)
			if m.Index == "" {
				return err
			}
			m.Unreadable = err
			return nil
		}
		name := columnName(c.path)
		if seen[name] {
			return errorf(textColumnTwice, name)
		}
		seen[name] = true
		paths, names = append(paths, c.path), append(names, name)
	}
	if !m.star {
		m.Projection = expr.NewColumns(paths, names)
	}
	for _, term := range m.order {
		if term.key.kind != nodePath || len(term.key.path) > 1 {
			return errorAt(term.key.at, textPathComponent)
		}
		m.Order = append(m.Order, Order{term.key.path[0].Name, term.desc})
	}
	return nil
}

// columnName is the name of a column: the last name of its path, and the indexes
// behind it.
func columnName(p expr.Path) string {
	last := len(p) - 1
	for p[last].IsIndex() {
		last--
	}
	name := p[last].Name
	for _, s := range p[last+1:] {
		name += s.String()
	}
	return name
}

// findItem takes the item of an INSERT.
func (m *meaning) findItem() error {
	v, err := m.itemValue()
	if err != nil {
		return err
	}
	if v.Kind() != attr.KindM {
		return errorAt(m.value.at, textLiteral, v.Kind(), "root")
	}
	m.Item = v.Map()
	return nil
}

// itemValue reads the item; each attribute is a value of its own.
func (m *meaning) itemValue() (attr.Value, error) {
	if m.value.kind != nodeStruct {
		return m.valueOf(m.value)
	}
	return m.structure(m.value)
}
