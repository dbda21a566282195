package expr

import "github.com/levee-io/levee/internal/attr"

// check checks the types that ADD and DELETE take, and then the operands of all
// functions and sums.
func (u *Update) check() error {
	for _, a := range u.tree.acts {
		if a.verb == verbAdd || a.verb == verbDelete {
			if err := u.checkAction(a); err != nil {
				return err
			}
		}
	}
	for _, a := range u.tree.acts {
		if a.verb == verbSet {
			if err := u.checkValue(a.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAction refuses ADD of anything but a number or a set, and DELETE of
// anything but a set. Unlike functions, actions spell the type out.
func (u *Update) checkAction(a action) error {
	kind := u.kindOf(a.value)
	if isSet(kind) || kind == attr.KindN && a.verb == verbAdd {
		return nil
	}
	names := map[attr.Kind]string{
		attr.KindS: "STRING", attr.KindN: "NUMBER", attr.KindB: "BINARY", attr.KindBool: "BOOLEAN",
		attr.KindNull: "NULL", attr.KindL: "LIST", attr.KindM: "MAP",
	}
	return invalid(u.tree.kind, textActionType, a.verb, names[kind])
}

func isSet(k attr.Kind) bool { return k == attr.KindSS || k == attr.KindNS || k == attr.KindBS }

func isNumber(k attr.Kind) bool { return k == attr.KindN }

func isList(k attr.Kind) bool { return k == attr.KindL }

// checkValue checks the operands of the functions and sums in the value of a
// SET, inner ones first.
func (u *Update) checkValue(i int32) error {
	n := u.tree.nodes[i]
	switch n.op {
	case opAdd, opSub:
		for _, o := range []int32{n.a, n.b} {
			if err := u.checkValue(o); err != nil {
				return err
			}
		}
		return u.checkKinds(n.op.String(), isNumber, n.a, n.b)
	case opCall:
		return u.checkFunction(n)
	}
	return nil
}

func (u *Update) checkFunction(n node) error {
	operands := u.operands(n)
	for _, o := range operands {
		if err := u.checkValue(o); err != nil {
			return err
		}
	}
	if len(operands) != functions[n.fn].operands {
		return invalid(u.tree.kind, textOperandCount, n.fn, len(operands))
	}
	if n.fn == fnListAppend {
		return u.checkKinds(n.fn.String(), isList, operands...)
	}
	if u.tree.nodes[operands[0]].op != opPath {
		return invalid(u.tree.kind, textNeedsPath, n.fn)
	}
	return nil
}
