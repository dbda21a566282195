package authz

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// statementActions are the actions that the verbs of PartiQL need.
var statementActions = [...]string{
	partiql.Select: "PartiQLSelect",
	partiql.Insert: "PartiQLInsert",
	partiql.Update: "PartiQLUpdate",
	partiql.Delete: "PartiQLDelete",
	partiql.Exists: "PartiQLSelect",
}

// statement demands what a PartiQL statement needs of its table or index. One that
// has no meaning needs nothing: the engine will say so.
func (d *demands) statement(text string, parameters []attr.Value) {
	verb, table, index, ok := partiql.Target(text)
	if !ok {
		return
	}
	d.once(statementActions[verb], d.indexed(table, api.Opt[string]{V: index, OK: index != ""}), accessOfStatement(text, parameters))
}
