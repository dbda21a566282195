package dynamodb

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/expr"
)

// legacy are the parameters of a request that expressions have replaced. They
// become the same conditions, updates and projections as expressions.
type legacy struct {
	attributes []string // AttributesToGet
	filter     api.Map[ddb.Condition]
	filterKind expr.Kind // QueryFilter or ScanFilter
	updates    api.Map[ddb.AttributeValueUpdate]
	expected   api.Map[ddb.ExpectedAttributeValue]
	operator   api.Opt[string] // ConditionalOperator
	keys       api.Map[ddb.Condition]
}

// checkStyle refuses a request that has both legacy parameters and expressions,
// and a ConditionalOperator with nothing to combine.
func (x *expressions) checkStyle() error {
	if old := x.legacy.present(x.key.OK); old != nil {
		if fresh := x.present(); fresh != nil {
			return api.Validation("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}",
				strings.Join(old, ", "), strings.Join(fresh, ", "))
		}
	}
	if !x.legacy.operator.OK {
		return nil
	}
	switch len(x.legacy.filter) + len(x.legacy.expected) {
	case 0:
		return api.Validation("ConditionalOperator cannot be used without Filter or Expected")
	case 1:
		return api.Validation("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return nil
}

// present returns the names of the legacy parameters that the request has, in the
// order of the service. KeyConditions go together with any expression but their
// own.
func (l *legacy) present(keyExpression bool) (names []string) {
	if l.attributes != nil {
		names = append(names, "AttributesToGet")
	}
	if l.filter != nil {
		names = append(names, l.filterKind.String())
	}
	if l.updates != nil {
		names = append(names, "AttributeUpdates")
	}
	if l.expected != nil {
		names = append(names, "Expected")
	}
	if l.operator.OK {
		names = append(names, "ConditionalOperator")
	}
	if l.keys != nil && keyExpression {
		names = append(names, "KeyConditions")
	}
	return names
}

// parse checks the parameters, except KeyConditions, in the order of the service.
// No operation has those of both updates and filters. The steps are called by
// their names, for a call through a value would put every request on the heap.
func (l *legacy) parse(p *parsed) error {
	switch {
	case l.updates != nil || l.expected != nil:
		if err := l.parseUpdates(p); err != nil {
			return err
		}
		return l.parseExpected(p)
	case l.filter == nil && l.attributes == nil:
		return nil
	case l.filterKind == expr.ScanFilter:
		if err := l.parseAttributes(p); err != nil {
			return err
		}
		return l.parseFilter(p)
	}
	if err := l.parseFilter(p); err != nil {
		return err
	}
	return l.parseAttributes(p)
}

func (l *legacy) parseUpdates(p *parsed) (err error) {
	list := make([]expr.AttributeUpdate, len(l.updates))
	for i, u := range l.updates {
		list[i] = expr.AttributeUpdate{Attribute: u.Key, Action: u.Value.Action.Or(expr.ActionPut), Value: u.Value.Value}
		if err := list[i].Check(); err != nil {
			return invalid(err)
		}
	}
	p.update, err = expr.NewUpdate(list)
	return invalid(err)
}

func (l *legacy) parseExpected(p *parsed) error {
	list := make([]expr.Comparison, len(l.expected))
	for i := range l.expected {
		e := &l.expected[i]
		c, err := comparisonOf(e.Key, &e.Value)
		if err == nil {
			err = invalid(c.Check())
		}
		if err != nil {
			return err
		}
		list[i] = c
	}
	p.condition = expr.NewCondition(expr.Expected, list, l.anyOf())
	return nil
}

func (l *legacy) parseFilter(p *parsed) error {
	list, err := comparisons(l.filter)
	if err == nil {
		p.filter = expr.NewCondition(l.filterKind, list, l.anyOf())
	}
	return err
}

func (l *legacy) anyOf() bool { return l.operator.V == ddb.ConditionalOperatorOr }

func (l *legacy) parseAttributes(p *parsed) (err error) {
	if l.attributes != nil {
		p.projection, err = expr.NewProjection(l.attributes)
	}
	return invalid(err)
}

// parseKeys checks KeyConditions; the service does so after all expressions.
func (l *legacy) parseKeys(p *parsed) error {
	list, err := comparisons(l.keys)
	if err != nil {
		return err
	}
	p.key, err = expr.NewKeyCondition(list)
	return invalid(err)
}

// comparisons checks conditions of filters and keys.
func comparisons(conditions api.Map[ddb.Condition]) ([]expr.Comparison, error) {
	list := make([]expr.Comparison, len(conditions))
	for i, c := range conditions {
		list[i] = expr.Comparison{Attribute: c.Key, Operator: c.Value.ComparisonOperator.V, Values: c.Value.AttributeValueList}
		if err := list[i].Check(); err != nil {
			return nil, invalid(err)
		}
	}
	return list, nil
}
