package dynamodb

import (
	"cmp"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// expressions are the expression parameters of a request. A text that is absent
// is not OK.
type expressions struct {
	names  api.Map[string]
	values attr.Map

	condition, update, filter, key, projection api.Opt[string]

	// null says which expressions are absent where values come without one that
	// could use them; "" means that only ConditionExpression could.
	null string
}

// parsed are the expressions of a request, bound to its names and values; nil
// where the request has none.
type parsed struct {
	condition  *expr.Condition
	update     *expr.Update
	filter     *expr.Condition
	key        *expr.KeyCondition
	projection *expr.Projection
}

// parse checks and parses the expressions in the order of the service.
func (x *expressions) parse() (p parsed, err error) {
	if err := x.checkPlaceholders(); err != nil {
		return p, err
	}
	params, err := expr.NewParams(nameBindings(x.names), x.values)
	if err != nil {
		return p, invalid(err)
	}
	if x.update.OK {
		p.update, err = expr.ParseUpdate(x.update.V, params)
	}
	if x.condition.OK && err == nil {
		p.condition, err = expr.ParseCondition(expr.ConditionExpression, x.condition.V, params)
	}
	if x.key.OK && err == nil {
		p.key, err = expr.ParseKeyCondition(x.key.V, params)
	}
	if x.filter.OK && err == nil {
		p.filter, err = expr.ParseCondition(expr.FilterExpression, x.filter.V, params)
	}
	if x.projection.OK && err == nil {
		p.projection, err = expr.ParseProjection(x.projection.V, params)
	}
	if err == nil {
		err = params.CheckUsed()
	}
	return p, invalid(err)
}

// checkPlaceholders refuses names and values that no expression can use.
func (x *expressions) checkPlaceholders() error {
	any := x.condition.OK || x.update.OK || x.filter.OK || x.key.OK
	if x.names != nil && !any && !x.projection.OK {
		return api.Validation("ExpressionAttributeNames can only be specified when using expressions")
	}
	if x.values != nil && !any {
		return api.Validation("ExpressionAttributeValues can only be specified when using expressions: %s", cmp.Or(x.null, "ConditionExpression is null"))
	}
	return nil
}

func nameBindings(names api.Map[string]) []expr.Name {
	if names == nil {
		return nil
	}
	list := make([]expr.Name, len(names))
	for i := range names {
		list[i] = expr.Name{Placeholder: names[i].Key, Attribute: names[i].Value}
	}
	return list
}

// invalid makes a ValidationException of an error of package expr or attr.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return api.Validation("%s", err.Error())
}

// legacy refuses the parameters that expressions have replaced; present are
// those that a request has.
func legacy(present ...string) error {
	if len(present) == 0 {
		return nil
	}
	return api.Validation("Levee does not support the legacy parameters yet: {%s}", strings.Join(present, ", "))
}
