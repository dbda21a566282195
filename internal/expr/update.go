package expr

import (
	"slices"

	"github.com/levee-io/levee/internal/attr"
)

// Update is a bound update expression. It is immutable.
type Update struct {
	binding
	sorted []Path  // the targets, in the order of comparePaths
	rank   []int32 // the place in sorted of each action's target

	stepRoom  [3]Step
	valueRoom [2]attr.Value
	pathRoom  [2]Path
	rankRoom  [2]int32
}

// ParseUpdate parses an UpdateExpression. All errors are of type Error.
func ParseUpdate(src string, p *Params) (*Update, error) {
	tree, err := parseCached(UpdateExpression, src)
	if err != nil {
		return nil, err
	}
	u := &Update{}
	u.begin(tree, p, u.stepRoom[:], u.valueRoom[:])
	if err := u.bind(); err != nil {
		return nil, err
	}
	if err := u.checkTargets(); err != nil {
		return nil, err
	}
	if err := u.check(); err != nil {
		return nil, err
	}
	u.params = nil
	return u, nil
}

// bind resolves all names, and then all values.
func (u *Update) bind() error {
	if err := u.bindNames(span32{0, int32(len(u.tree.steps))}); err != nil {
		return err
	}
	for i := range u.tree.values {
		if err := u.bindValue(int32(i)); err != nil {
			return err
		}
	}
	return nil
}

// checkTargets sorts the targets and sees that each is changed once.
func (u *Update) checkTargets() error {
	targets := u.pathRoom[:0]
	for _, a := range u.tree.acts {
		targets = append(targets, u.pathAt(a.target))
	}
	u.sorted = sortPaths(targets)
	if err := checkPaths(u.tree.kind, targets, u.sorted); err != nil {
		return err
	}
	u.rank = u.rankRoom[:0]
	for _, t := range targets {
		at, _ := slices.BinarySearchFunc(u.sorted, t, comparePaths)
		u.rank = append(u.rank, int32(at))
	}
	return nil
}

// Targets returns the document paths that the update changes, sorted. They are
// shared and must not be changed.
func (u *Update) Targets() []Path { return u.sorted }

// TopLevel returns the names of the attributes that the update changes, in
// whole or in part, sorted.
func (u *Update) TopLevel() []string { return topLevel(u.sorted) }

// Assigned returns what is known, before there is an item, of the value that the
// update gives to a whole attribute: its type, KindNone if the item decides or the
// attribute is not given a value; and the value itself if the request has it.
func (u *Update) Assigned(name string) (kind attr.Kind, v attr.Value) {
	for _, a := range u.tree.acts {
		target := u.pathAt(a.target)
		if a.verb == verbRemove || len(target) != 1 || target[0].Name != name {
			continue
		}
		switch n := u.tree.nodes[a.value]; {
		case a.verb != verbSet:
			return u.kindOf(a.value), attr.Value{}
		case n.op == opValue:
			return u.kindOf(a.value), u.values[n.a]
		case n.op == opAdd || n.op == opSub:
			return attr.KindN, attr.Value{}
		case n.fn == fnListAppend:
			return attr.KindL, attr.Value{}
		}
	}
	return attr.KindNone, attr.Value{}
}

// CheckKeys refuses an update that changes a key attribute of the table.
func (u *Update) CheckKeys(keys ...string) error {
	for _, key := range keys {
		for _, t := range u.sorted {
			if t[0].Name == key {
				return errorf(textUpdateKey, key)
			}
		}
	}
	return nil
}
