package dynamodb

import (
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

	legacy legacy
	keyed  bool // one of KeyConditionExpression and KeyConditions must be there

	// idle allows names and values without an expression that could use them, as
	// transactions do.
	idle bool
	// null says which expressions are absent where values come without one that
	// could use them, for the operations that say so.
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

// parse checks and parses the expressions, and what the request has in their
// place, in the order of the service.
func (x *expressions) parse() (p parsed, err error) {
	if err := x.checkTogether(); err != nil {
		return p, err
	}
	if err := x.legacy.parse(&p); err != nil {
		return p, err
	}
	if x.keyed && !x.key.OK && x.legacy.keys == nil {
		return p, api.Validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	if err := x.parseTexts(&p); err != nil {
		return p, invalid(err)
	}
	if x.legacy.keys != nil {
		err = x.legacy.parseKeys(&p)
	}
	return p, err
}

// checkTogether checks which parameters are there.
func (x *expressions) checkTogether() error {
	if err := x.checkStyle(); err != nil {
		return err
	}
	return x.checkPlaceholders()
}

// parseTexts parses the expressions proper. Names and values without any were
// refused before.
func (x *expressions) parseTexts(p *parsed) error {
	if !x.usesValues() && !x.projection.OK {
		return nil
	}
	params, err := expr.NewParams(nameBindings(x.names), x.values)
	if err != nil {
		return err
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
	return err
}

// present returns the names of the expressions that the request has, in the order
// of the service.
func (x *expressions) present() (names []string) {
	for _, e := range [...]struct {
		ok   bool
		kind expr.Kind
	}{
		{x.projection.OK, expr.ProjectionExpression},
		{x.filter.OK, expr.FilterExpression},
		{x.update.OK, expr.UpdateExpression},
		{x.condition.OK, expr.ConditionExpression},
		{x.key.OK, expr.KeyConditionExpression},
	} {
		if e.ok {
			names = append(names, e.kind.String())
		}
	}
	return names
}

// checkPlaceholders refuses names and values that no expression can use.
func (x *expressions) checkPlaceholders() error {
	if x.idle {
		return nil
	}
	if x.names != nil && !x.usesValues() && !x.projection.OK {
		return api.Validation("ExpressionAttributeNames can only be specified when using expressions")
	}
	if x.values != nil && !x.usesValues() {
		text := "ExpressionAttributeValues can only be specified when using expressions"
		if x.null != "" {
			text += ": " + x.null
		}
		return api.Validation("%s", text)
	}
	return nil
}

// usesValues reports whether there is an expression that can have values.
func (x *expressions) usesValues() bool {
	return x.condition.OK || x.update.OK || x.filter.OK || x.key.OK
}

// projectedBy names the parameter that says which attributes to return; "" if
// there is none.
func (x *expressions) projectedBy() string {
	switch {
	case x.projection.OK:
		return expr.ProjectionExpression.String()
	case x.legacy.attributes != nil:
		return expr.AttributesToGet.String()
	}
	return ""
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
