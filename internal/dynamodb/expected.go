package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// comparisonOf returns what Expected says of an attribute: by a comparison, or in
// the still older way by Exists and Value.
func comparisonOf(name string, e *ddb.ExpectedAttributeValue) (expr.Comparison, error) {
	c := expr.Comparison{Attribute: name, Operator: e.ComparisonOperator.V, Values: e.AttributeValueList}
	if err := checkExpected(name, e); err != nil {
		return c, err
	}
	switch {
	case e.ComparisonOperator.OK:
	case e.Exists.Or(true):
		c.Operator = expr.OpEqual
	default:
		c.Operator = expr.OpNull
	}
	if !e.Value.IsZero() {
		c.Values = []attr.Value{e.Value}
	}
	return c, nil
}

// checkExpected checks which members of an expectation go together.
func checkExpected(name string, e *ddb.ExpectedAttributeValue) error {
	valued, listed := !e.Value.IsZero(), e.AttributeValueList != nil
	operator := e.ComparisonOperator
	bare := operator.V == expr.OpNull || operator.V == expr.OpNotNull
	switch {
	case valued && listed:
		return errExpected("Value and AttributeValueList cannot be used together", name)
	case operator.OK && e.Exists.OK:
		return errExpected("Exists and ComparisonOperator cannot be used together", name)
	case operator.OK && !bare && !valued && !listed:
		return errExpected("Value or AttributeValueList must be used with ComparisonOperator: "+operator.V, name)
	case operator.OK:
		return nil
	case listed:
		return errExpected("AttributeValueList can only be used with a ComparisonOperator", name)
	case !e.Exists.OK && !valued:
		return errExpected("Value must be provided when Exists is null", name)
	case e.Exists.V && !valued:
		return errExpected("Value must be provided when Exists is true", name)
	case e.Exists.OK && !e.Exists.V && valued:
		return errExpected("Value cannot be used when Exists is false", name)
	}
	return nil
}

func errExpected(problem, attribute string) error {
	return api.Validation("One or more parameter values were invalid: %s for Attribute: %s", problem, attribute)
}
