package expr

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/attr"
)

// maxKeyAttrs is how many attributes a key can have: four of each kind.
const maxKeyAttrs = 8

// KeyCondition is a bound key condition expression: conditions on one or more
// attributes, each of which names one attribute. It is immutable.
type KeyCondition struct {
	binding
	conds []keyCond
	shape error // why the expression is no key condition

	stepRoom  [2]Step
	valueRoom [3]attr.Value
	condRoom  [2]keyCond
}

// keyCond is the condition on one attribute.
type keyCond struct {
	name   string
	op     KeyOp
	values [2]attr.Value
}

// KeyOp is the operator of a condition on a key attribute.
type KeyOp uint8

// The operators of key conditions. Of a partition key only KeyEqual is.
const (
	KeyAny KeyOp = iota // no condition
	KeyEqual
	KeyLess
	KeyLessOrEqual
	KeyGreater
	KeyGreaterOrEqual
	KeyBetween // both bounds belong to it
	KeyBeginsWith
)

// KeyAttr is a key attribute of a table or index.
type KeyAttr struct {
	Name string
	Kind attr.Kind // KindS, KindN or KindB
}

// KeyRange is what a key condition selects.
type KeyRange struct {
	Partition []attr.Value // of the attributes of the partition key, in their order
	Leading   []attr.Value // of the attributes of the sort key before the one that Op is on: they are equal
	Op        KeyOp        // on the last attribute of the sort key that is demanded
	Value     attr.Value   // of Op, unless that is KeyAny; the lower bound of KeyBetween
	Upper     attr.Value   // of KeyBetween
}

// ParseKeyCondition parses a KeyConditionExpression. The service looks at its
// shape only once all expressions of the request are well formed: that error is
// for Check. All errors are of type Error.
func ParseKeyCondition(src string, p *Params) (*KeyCondition, error) {
	tree, err := parseCached(KeyConditionExpression, src)
	if err != nil {
		return nil, err
	}
	k := &KeyCondition{}
	k.begin(tree, p, k.stepRoom[:], k.valueRoom[:])
	if err := k.check(tree.root); err != nil {
		return nil, err
	}
	k.params = nil
	k.conds = k.condRoom[:0]
	k.shape = k.split(tree.root)
	return k, nil
}

// NewKeyCondition returns the key condition that KeyConditions asks for. The
// comparisons have been checked. The error is of type Error.
func NewKeyCondition(list []Comparison) (*KeyCondition, error) {
	if len(list) < 1 || len(list) > maxKeyAttrs {
		return nil, Error(textKeyLength)
	}
	b := builder{tree: ast{kind: KeyConditions}}
	k := &KeyCondition{binding: b.binding()}
	k.conds = k.condRoom[:0]
	for i := range list {
		c := keyCond{name: list[i].Attribute, op: keyOps[list[i].Operator]}
		copy(c.values[:], list[i].Values)
		k.conds = append(k.conds, c)
	}
	return k, nil
}

// keyOps are the operators that a key can be looked up by. Of any other it gives
// KeyAny, which no condition has.
var keyOps = map[string]KeyOp{
	OpEqual: KeyEqual, OpLess: KeyLess, OpLessOrEqual: KeyLessOrEqual, OpGreater: KeyGreater,
	OpGreaterOrEqual: KeyGreaterOrEqual, OpBetween: KeyBetween, OpBeginsWith: KeyBeginsWith,
}

// Check reports what makes a well-formed condition no key condition, such as an
// OR, whatever the key. It comes after Params.CheckUsed.
func (k *KeyCondition) Check() error { return k.shape }

// Bind returns what the condition selects among items with the attributes of that
// partition key and sort key, of which there may be none. It must demand all of
// the former, and of the latter as many as it likes from left to right; all but
// the last of those, like the former, to be equal to something.
func (k *KeyCondition) Bind(partition, sort []KeyAttr) (r KeyRange, err error) {
	if k.shape != nil {
		return r, k.shape
	}
	if schema := len(partition) + len(sort); len(k.conds) > schema {
		return r, k.tooMany(schema)
	}
	if r.Partition, err = k.equal(partition); err != nil {
		return r, err
	}
	demanded := len(k.conds) - len(partition)
	if demanded <= 0 {
		return r, nil
	}
	last := demanded - 1
	if err := k.checkGaps(sort); err != nil {
		return r, err
	}
	if r.Leading, err = k.equal(sort[:last]); err != nil {
		return r, err
	}
	s, err := k.on(sort[last])
	if err != nil {
		return r, err
	}
	r.Op, r.Value, r.Upper = s.op, s.values[0], s.values[1]
	return r, nil
}

// checkGaps refuses a condition on an attribute of a sort key of several where one
// before it is not demanded to be equal to something.
func (k *KeyCondition) checkGaps(sort []KeyAttr) error {
	if len(sort) < 2 {
		return nil
	}
	var open, named []string // without an equality, and those of them before the last condition
	last := ""
	for _, key := range sort {
		i := slices.IndexFunc(k.conds, func(c keyCond) bool { return c.name == key.Name })
		if i >= 0 {
			last, named = key.Name, slices.Clone(open)
		}
		if i < 0 || k.conds[i].op != KeyEqual {
			open = append(open, key.Name)
		}
	}
	if len(named) > 0 {
		return errorf(textKeyGap, strings.Join(named, ", "), last)
	}
	return nil
}

// Equal returns the value that an attribute is demanded to be equal to, whatever
// the key. It is not ok if there is none.
func (k *KeyCondition) Equal(name string) (v attr.Value, ok bool) {
	for i := range k.conds {
		if c := &k.conds[i]; c.name == name && c.op == KeyEqual {
			return c.values[0], k.shape == nil
		}
	}
	return v, false
}

// tooMany says that there are more conditions than key attributes.
func (k *KeyCondition) tooMany(schema int) error {
	switch {
	case k.tree.kind != KeyConditions:
		return errorf(textKeyTooMany, len(k.conds), schema)
	case len(k.conds) > 2 && schema <= 2:
		return Error(textKeyLength)
	}
	return Error(textKeyUnsupported)
}

// equal returns the values that the attributes of a key must be equal to.
func (k *KeyCondition) equal(keys []KeyAttr) (values []attr.Value, err error) {
	for i := range keys {
		c, err := k.on(keys[i])
		switch {
		case err != nil:
			return nil, err
		case c.op != KeyEqual:
			return nil, Error(textKeyUnsupported)
		case i == 0:
			values = c.values[:1:1] // no copy for the one attribute that most keys have
		default:
			values = append(values, c.values[0])
		}
	}
	return values, nil
}

// on returns the condition on a key attribute.
func (k *KeyCondition) on(key KeyAttr) (*keyCond, error) {
	for i := range k.conds {
		c := &k.conds[i]
		if c.name != key.Name {
			continue
		}
		if c.op == KeyAny {
			return nil, Error(textKeyNotIndexable)
		}
		for _, v := range c.values {
			if !v.IsZero() && v.Kind() != key.Kind {
				return nil, Error(textKeyType)
			}
		}
		return c, nil
	}
	return nil, errorf(textKeyMissing, key.Name)
}
