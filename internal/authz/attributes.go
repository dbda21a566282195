package authz

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// attributes returns the top-level attributes that an access names, in any part of
// the request; some may be repeated. It is not ok if the request cannot be read,
// which an engine refuses.
func (a *access) attributes() ([]string, bool) {
	if a.reach == byStatement {
		return a.statementAttributes()
	}
	list := append([]string(nil), a.named...)
	for _, item := range a.items {
		for _, attribute := range item {
			list = append(list, attribute.Name)
		}
	}
	list = append(list, keysOf(a.keyConditions)...)
	paths, err := a.paths()
	return appendTop(list, paths), err == nil
}

func appendTop(list []string, paths []expr.Path) []string {
	for _, p := range paths {
		list = append(list, p[0].Name)
	}
	return list
}

func (a *access) params() (*expr.Params, error) {
	var names []expr.Name
	for i := range a.names {
		names = append(names, expr.Name{Placeholder: a.names[i].Key, Attribute: a.names[i].Value})
	}
	return expr.NewParams(names, a.values)
}

// paths returns the document paths in the expressions.
func (a *access) paths() (list []expr.Path, err error) {
	p, err := a.params()
	if err != nil {
		return nil, err
	}
	for _, e := range [...]struct {
		text  api.Opt[string]
		paths func(string, *expr.Params) ([]expr.Path, error)
	}{
		{a.update, updatePaths}, {a.condition, conditionPaths}, {a.key, keyPaths}, {a.filter, conditionPaths}, {a.projection, projectionPaths}, {a.search, searchPaths},
	} {
		if !e.text.OK {
			continue
		}
		more, err := e.paths(e.text.V, p)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

func updatePaths(text string, p *expr.Params) ([]expr.Path, error) {
	u, err := expr.ParseUpdate(text, p)
	if err != nil {
		return nil, err
	}
	return u.Paths(), nil
}

func conditionPaths(text string, p *expr.Params) ([]expr.Path, error) {
	c, err := expr.ParseCondition(expr.ConditionExpression, text, p)
	if err != nil {
		return nil, err
	}
	return c.Paths(), nil
}

func keyPaths(text string, p *expr.Params) ([]expr.Path, error) {
	k, err := expr.ParseKeyCondition(text, p)
	if err != nil {
		return nil, err
	}
	return k.Paths(), nil
}

func projectionPaths(text string, p *expr.Params) ([]expr.Path, error) {
	r, err := expr.ParseProjection(text, p)
	if err != nil {
		return nil, err
	}
	return r.Paths(), nil
}

func searchPaths(text string, p *expr.Params) ([]expr.Path, error) {
	s, err := expr.ParseSearchCondition(text, p)
	if err != nil {
		return nil, err
	}
	return s.Paths(), nil
}

// statementAttributes is attributes for a statement.
func (a *access) statementAttributes() (list []string, ok bool) {
	s, ok := a.parse()
	if !ok {
		return nil, false
	}
	for _, attribute := range s.Item {
		list = append(list, attribute.Name)
	}
	for _, o := range s.Order {
		list = append(list, o.Attribute)
	}
	if s.Projection != nil {
		list = appendTop(list, s.Projection.Paths())
	}
	if s.Filter != nil {
		list = appendTop(list, s.Filter.Paths())
	}
	if s.Update != nil {
		list = appendTop(list, s.Update.Paths())
	}
	return list, true
}

// selectedBy returns the Select in force.
func (a *access) selectedBy() string {
	if a.reach != byStatement {
		return a.selects
	}
	s, ok := a.parse()
	if !ok || s.Verb != partiql.Select {
		return ""
	}
	return selecting(api.Opt[string]{}, s.Projection != nil, s.Index != "")
}

// returned are the ReturnValues that the clauses of a statement stand for.
var returned = [...]string{
	partiql.ReturnNothing: ddb.ReturnValueNone, partiql.ReturnAllOld: ddb.ReturnValueAllOld, partiql.ReturnModifiedOld: ddb.ReturnValueUpdatedOld,
	partiql.ReturnAllNew: ddb.ReturnValueAllNew, partiql.ReturnModifiedNew: ddb.ReturnValueUpdatedNew,
}

// returnedBy returns the ReturnValues in force.
func (a *access) returnedBy() string {
	if a.reach != byStatement {
		return a.returns
	}
	s, ok := a.parse()
	if !ok || s.Verb != partiql.Update && s.Verb != partiql.Delete {
		return ""
	}
	return returned[s.Returning]
}
