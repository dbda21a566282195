package expr

import "github.com/levee-io/levee/internal/attr"

// AttributeUpdate is a change of one attribute in the form of AttributeUpdates,
// the parameter that came before UpdateExpression.
type AttributeUpdate struct {
	Attribute string // its name, which is no document path
	Action    string // one of those below
	Value     attr.Value
}

// The actions of an AttributeUpdate.
const (
	ActionPut    = "PUT"
	ActionAdd    = "ADD" // to a number, a set or a list
	ActionDelete = "DELETE"
)

// Check refuses an action without the value that it needs, or with one of the
// wrong type. The error is of type Error.
func (a *AttributeUpdate) Check() error {
	kind := a.Value.Kind()
	switch {
	case kind == attr.KindNone && a.Action != ActionDelete:
		return Error(textActionValue)
	case a.Action == ActionDelete && kind != attr.KindNone && !isSet(kind):
		return errorf(textDeleteType, kind)
	case a.Action == ActionAdd && !isSet(kind) && kind != attr.KindN && kind != attr.KindL:
		return errorf(textAddType, kind)
	}
	return nil
}

// NewUpdate returns the update that makes all of the changes; nil if there are
// none. They have been checked, and each is of another attribute.
func NewUpdate(list []AttributeUpdate) (*Update, error) {
	if len(list) == 0 {
		return nil, nil
	}
	b := builder{tree: ast{kind: AttributeUpdates}}
	for i := range list {
		b.attributeUpdate(&list[i])
	}
	u := &Update{binding: b.binding()}
	return u, u.checkTargets()
}

func (b *builder) attributeUpdate(a *AttributeUpdate) {
	act := action{target: b.path(a.Attribute)}
	switch {
	case a.Action == ActionDelete && a.Value.IsZero():
		act.verb = verbRemove
	case a.Action == ActionDelete:
		act.verb, act.value = verbDelete, b.value(a.Value)
	case a.Action == ActionAdd && a.Value.Kind() == attr.KindL:
		act.verb, act.value = verbSet, b.appended(act.target, a.Value)
	case a.Action == ActionAdd:
		act.verb, act.value = verbAdd, b.value(a.Value)
	default:
		act.verb, act.value = verbSet, b.value(a.Value)
	}
	b.tree.acts = append(b.tree.acts, act)
}

// appended adds the list at a path with the elements of another behind it.
func (b *builder) appended(path int32, list attr.Value) int32 {
	old := b.call(fnIfNotExists, b.add(node{op: opPath, a: path}), b.value(attr.L(nil)))
	return b.call(fnListAppend, old, b.value(list))
}
