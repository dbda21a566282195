package expr

import "github.com/levee-io/levee/internal/attr"

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
	Partition attr.Value
	Op        KeyOp      // on the sort key
	Value     attr.Value // of Op, unless that is KeyAny; the lower bound of KeyBetween
	Upper     attr.Value // of KeyBetween
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
	if len(list) != 1 && len(list) != 2 {
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

// Bind returns what the condition selects among items with that partition key
// and sort key; sort is the zero KeyAttr if there is none.
func (k *KeyCondition) Bind(partition, sort KeyAttr) (KeyRange, error) {
	if k.shape != nil {
		return KeyRange{}, k.shape
	}
	schema := 1
	if sort.Name != "" {
		schema = 2
	}
	if len(k.conds) > schema {
		return KeyRange{}, k.tooMany(schema)
	}
	p, err := k.on(partition)
	if err != nil {
		return KeyRange{}, err
	}
	if p.op != KeyEqual {
		return KeyRange{}, Error(textKeyUnsupported)
	}
	if len(k.conds) == 1 {
		return KeyRange{Partition: p.values[0]}, nil
	}
	s, err := k.on(sort)
	if err != nil {
		return KeyRange{}, err
	}
	return KeyRange{Partition: p.values[0], Op: s.op, Value: s.values[0], Upper: s.values[1]}, nil
}

// tooMany says that there are more conditions than key attributes.
func (k *KeyCondition) tooMany(schema int) error {
	if k.tree.kind == KeyConditions {
		return Error(textKeyUnsupported)
	}
	return errorf(textKeyTooMany, len(k.conds), schema)
}

// on returns the condition on a key attribute.
func (k *KeyCondition) on(key KeyAttr) (keyCond, error) {
	for _, c := range k.conds {
		if c.name != key.Name {
			continue
		}
		if c.op == KeyAny {
			return keyCond{}, Error(textKeyNotIndexable)
		}
		for _, v := range c.values {
			if !v.IsZero() && v.Kind() != key.Kind {
				return keyCond{}, Error(textKeyType)
			}
		}
		return c, nil
	}
	return keyCond{}, errorf(textKeyMissing, key.Name)
}
