package expr

import (
	"slices"

	"github.com/levee-io/levee/internal/attr"
)

// change is what an action does to its target: set it to value, remove it, or,
// with neither, leave it as it is.
type change struct {
	path   Path
	value  attr.Value
	remove bool
}

func (c change) at(depth int) Step { return c.path[depth] }

// Apply returns the item with the update made. All operands are taken from the
// item as it was, and list indexes are those before any removal: the order of
// actions does not matter. The item itself is not changed. Errors are those of
// the service, of type Error or attr.Error.
func (u *Update) Apply(item attr.Map) (attr.Map, error) {
	var room [2]change
	changes, err := u.changes(item, room[:0])
	if err != nil {
		return nil, err
	}
	return changeMap(item, changes, 0)
}

// Create is Apply where there is no item yet; key holds the attributes of its
// key, which the update must not change. Then REMOVE does nothing, even if the
// path has no parent.
func (u *Update) Create(key attr.Map) (attr.Map, error) {
	changes, err := u.changes(key, nil)
	if err != nil {
		return nil, err
	}
	changes = slices.DeleteFunc(changes, func(c change) bool { return c.remove })
	return changeMap(key, changes, 0)
}

// Creates reports whether the update makes an item where there is none: one that
// only takes away does not.
func (u *Update) Creates() bool {
	for _, a := range u.tree.acts {
		if a.verb == verbSet || a.verb == verbAdd {
			return true
		}
	}
	return false
}

// Project returns what the item has at the targets of the update: of the item
// before it, the answer to ReturnValues UPDATED_OLD; of the item after it, that
// to UPDATED_NEW.
func (u *Update) Project(item attr.Map) attr.Map { return projectMap(item, u.sorted, 0) }

// changes works out the changes, in the order of their paths.
func (u *Update) changes(item attr.Map, room []change) ([]change, error) {
	changes := slices.Grow(room, len(u.rank))[:len(u.rank)]
	for i, a := range u.tree.acts {
		c := change{path: u.sorted[u.rank[i]], remove: a.verb == verbRemove}
		var err error
		switch a.verb {
		case verbSet:
			c.value, err = u.value(a.value, item)
		case verbAdd:
			c.value, err = u.added(c.path, u.values[u.tree.nodes[a.value].a], item)
		case verbDelete:
			c.value, c.remove, err = u.deleted(c.path, u.values[u.tree.nodes[a.value].a], item)
		}
		if err == nil && len(c.path) > 1 && len(c.path)-1+c.value.Depth() > attr.MaxDepth {
			err = attr.ErrTooDeep
		}
		if err != nil {
			return nil, err
		}
		changes[u.rank[i]] = c
	}
	return changes, nil
}

// value returns the value of an operand of SET.
func (u *Update) value(i int32, item attr.Map) (attr.Value, error) {
	n := u.tree.nodes[i]
	switch n.op {
	case opValue:
		return u.values[n.a], nil
	case opPath:
		v, ok := u.path(n).find(item)
		if !ok {
			return attr.Value{}, errMissing
		}
		return v, nil
	case opAdd, opSub:
		return u.sum(n, item)
	}
	operands := u.operands(n)
	if n.fn == fnListAppend {
		return u.listAppend(operands, item)
	}
	if v, ok := u.path(u.tree.nodes[operands[0]]).find(item); ok {
		return v, nil
	}
	return u.value(operands[1], item)
}

func (u *Update) sum(n node, item attr.Map) (attr.Value, error) {
	x, err := u.value(n.a, item)
	if err != nil {
		return attr.Value{}, err
	}
	y, err := u.value(n.b, item)
	if err != nil {
		return attr.Value{}, err
	}
	if x.Kind() != attr.KindN || y.Kind() != attr.KindN {
		return attr.Value{}, errOperandType
	}
	result := x.Num()
	if n.op == opAdd {
		result, err = result.Add(y.Num())
	} else {
		result, err = result.Sub(y.Num())
	}
	return attr.N(result), err
}

func (u *Update) listAppend(operands []int32, item attr.Map) (attr.Value, error) {
	x, err := u.value(operands[0], item)
	if err != nil {
		return attr.Value{}, err
	}
	y, err := u.value(operands[1], item)
	if err != nil {
		return attr.Value{}, err
	}
	if x.Kind() != attr.KindL || y.Kind() != attr.KindL {
		return attr.Value{}, u.mismatch()
	}
	return attr.L(slices.Concat(x.Elems(), y.Elems())), nil
}

// added returns the number or set at the path with v added to it; a missing one
// counts as zero, or as the empty set.
func (u *Update) added(path Path, v attr.Value, item attr.Map) (attr.Value, error) {
	old, ok := path.find(item)
	switch {
	case !ok:
		return v, nil
	case old.Kind() != v.Kind():
		return attr.Value{}, u.mismatch()
	case v.Kind() == attr.KindN:
		sum, err := old.Num().Add(v.Num())
		return attr.N(sum), err
	}
	return setOf(v.Kind(), slices.Concat(old.Elems(), v.Elems())), nil
}

// deleted returns the set at the path without the elements of v, or tells to
// remove it if none are left. A missing one stays missing.
func (u *Update) deleted(path Path, v attr.Value, item attr.Map) (left attr.Value, remove bool, err error) {
	old, ok := path.find(item)
	if !ok {
		return attr.Value{}, false, nil
	}
	if old.Kind() != v.Kind() {
		return attr.Value{}, false, u.mismatch()
	}
	elems := slices.DeleteFunc(slices.Clone(old.Elems()), func(e attr.Value) bool {
		_, found := slices.BinarySearchFunc(v.Elems(), e, compareElems)
		return found
	})
	if len(elems) == 0 {
		return attr.Value{}, true, nil
	}
	return setOf(v.Kind(), elems), false, nil
}

// mismatch says that the item has a value of another type than an operand.
func (u *Update) mismatch() error {
	if u.tree.kind == AttributeUpdates {
		return errTypeMismatch
	}
	return errOperandType
}

// compareElems orders the elements of a set as attr keeps them.
func compareElems(a, b attr.Value) int {
	c, _ := attr.Compare(a, b)
	return c
}

// setOf returns a set of the given type; elems need not be sorted or distinct.
func setOf(kind attr.Kind, elems []attr.Value) attr.Value {
	if kind == attr.KindNS {
		nums := make([]attr.Number, len(elems))
		for i, e := range elems {
			nums[i] = e.Num()
		}
		return attr.NumberSet(nums)
	}
	texts := make([]string, len(elems))
	for i, e := range elems {
		texts[i] = text(e)
	}
	if kind == attr.KindBS {
		return attr.BinarySet(texts)
	}
	return attr.StringSet(texts)
}
