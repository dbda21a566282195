package expr

import "github.com/levee-io/levee/internal/attr"

// Condition is a bound condition or filter expression. It is immutable.
type Condition struct {
	binding
	stepRoom  [3]Step
	valueRoom [2]attr.Value
}

// ParseCondition parses a ConditionExpression or a FilterExpression, which
// differ only in their error texts. All errors are of type Error.
func ParseCondition(kind Kind, src string, p *Params) (*Condition, error) {
	tree, err := parseCached(kind, src)
	if err != nil {
		return nil, err
	}
	if c, ok := tree.bound.(*Condition); ok {
		return c, nil
	}
	return bindCondition(tree, p)
}

func bindCondition(tree *ast, p *Params) (*Condition, error) {
	c := &Condition{}
	c.begin(tree, p, c.stepRoom[:], c.valueRoom[:])
	if err := c.check(tree.root); err != nil {
		return nil, err
	}
	c.params = nil
	return c, nil
}

// Names reports whether the condition names the attribute, or a part of it.
func (c *Condition) Names(attribute string) bool { return c.names(attribute) }

// CheckFilter refuses a filter on any of the key attributes of the table or
// index that a Query reads.
func (c *Condition) CheckFilter(keys ...string) error {
	filter := "Filter Expression"
	if c.tree.kind == QueryFilter {
		filter = QueryFilter.String()
	}
	for _, key := range keys {
		if c.names(key) {
			return errorf(textFilterOnKey, filter, key)
		}
	}
	return nil
}
