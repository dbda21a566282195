package partiql

import (
	"slices"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// MaxBranches bounds the ranges of keys that one SELECT reads.
const MaxBranches = 50

// enoughBranches is where working out more of them makes no difference.
const enoughBranches = 4096

// Branch is one of the alternatives that the WHERE of a SELECT comes down to, as
// far as it is about a key.
type Branch struct {
	Hash []attr.Value // what the partition key must equal: each of them
	Sort []SortTest   // on the sort key; all must hold
	// Unsorted tells that the sort key is tested in a way that selects no range.
	Unsorted bool
	// Filters are the attributes that other conditions are about, each once.
	Filters []string
}

// SortTest is a condition on the sort key.
type SortTest struct {
	Op           expr.KeyOp
	Value, Upper attr.Value
}

// Branches takes the WHERE apart into alternatives, by the conditions on the two
// attributes of a key; sort is "" if it has one only. A WHERE that is not there is
// one alternative without conditions.
func (s *Statement) Branches(hash, sort string) []Branch {
	if s.where == nil {
		return []Branch{{}}
	}
	d := decomposer{hash: hash, sort: sort}
	return d.branches(s.where)
}

type decomposer struct{ hash, sort string }

// branches decomposes a condition. What is not about the key stays whole.
func (d *decomposer) branches(n *node) []Branch {
	switch {
	case n.kind == nodeBinary && n.text == "AND":
		return product(d.branches(n.kids[0]), d.branches(n.kids[1]))
	case n.kind == nodeBinary && n.text == "OR" && d.concerns(n):
		list := append(d.branches(n.kids[0]), d.branches(n.kids[1])...)
		return list[:min(len(list), enoughBranches)]
	case n.kind == nodeIn:
		if list := d.members(n); list != nil {
			return list
		}
	}
	return []Branch{d.test(n)}
}

// product combines the alternatives of two conditions that both must hold.
func product(xs, ys []Branch) []Branch {
	if len(xs) == 1 && len(ys) == 1 {
		return []Branch{xs[0].and(&ys[0])}
	}
	var list []Branch
	for i := range xs {
		for j := range ys {
			if len(list) == enoughBranches {
				return list
			}
			list = append(list, xs[i].and(&ys[j]))
		}
	}
	return list
}

func (x *Branch) and(y *Branch) Branch {
	both := Branch{
		Hash:     slices.Clone(x.Hash),
		Sort:     slices.Concat(x.Sort, y.Sort),
		Unsorted: x.Unsorted || y.Unsorted,
		Filters:  slices.Clone(x.Filters),
	}
	for _, v := range y.Hash {
		if !slices.ContainsFunc(both.Hash, v.Equal) {
			both.Hash = append(both.Hash, v)
		}
	}
	for _, name := range y.Filters {
		if !slices.Contains(both.Filters, name) {
			both.Filters = append(both.Filters, name)
		}
	}
	return both
}

// concerns reports whether a condition names a key attribute anywhere.
func (d *decomposer) concerns(n *node) bool {
	if n.kind == nodePath {
		return n.path[0].Name == d.hash || d.sort != "" && n.path[0].Name == d.sort
	}
	return slices.ContainsFunc(n.kids, d.concerns)
}

// members makes a branch for each value that IN gives a key attribute; nil if it
// is about something else.
func (d *decomposer) members(n *node) []Branch {
	name, ok := n.kids[0].attribute()
	if !ok || name != d.hash && (d.sort == "" || name != d.sort) || len(n.kids[1].kids) == 0 {
		return nil
	}
	var list []Branch
	for _, kid := range n.kids[1].kids {
		if kid.value.IsZero() {
			return nil
		}
		list = append(list, d.key(name, SortTest{Op: expr.KeyEqual, Value: kid.value}))
	}
	return list
}

// key is the branch of a test of a key attribute; of the partition key only
// equality is one.
func (d *decomposer) key(name string, t SortTest) Branch {
	if name == d.hash {
		return Branch{Hash: []attr.Value{t.Value}}
	}
	return Branch{Sort: []SortTest{t}}
}

// test is the branch of a condition that has no alternatives.
func (d *decomposer) test(n *node) Branch {
	if name, t, ok := n.keyTest(); ok {
		if name == d.hash && t.Op == expr.KeyEqual || d.sort != "" && name == d.sort {
			return d.key(name, t)
		}
	}
	b := Branch{Unsorted: d.sort != "" && negated(n) && n.names(d.sort)}
	n.eachName(func(name string) {
		if !slices.Contains(b.Filters, name) {
			b.Filters = append(b.Filters, name)
		}
	})
	return b
}

// negated reports whether the condition says what is not to be.
func negated(n *node) bool { return n.kind == nodeNot || n.kind == nodeBinary && n.text == "<>" }

// names reports whether the condition is about the attribute, or a part of it.
func (n *node) names(attribute string) bool {
	found := false
	n.eachName(func(name string) { found = found || name == attribute })
	return found
}

// eachName calls f with the attribute of each path.
func (n *node) eachName(f func(string)) {
	if n.kind == nodePath {
		f(n.path[0].Name)
	}
	for _, kid := range n.kids {
		kid.eachName(f)
	}
}

// keyTest returns the test of an attribute that the condition is, if a key can be
// looked up by it.
func (n *node) keyTest() (name string, t SortTest, ok bool) {
	switch {
	case n.kind == nodeBinary && infix[n.text] == powerCompare && n.text != "<>":
		var mirrored bool
		name, t.Value, mirrored, ok = n.comparison()
		t.Op = keyOp(n.text, mirrored)
	case n.kind == nodeBetween, n.kind == nodeCall && n.text == "begins_with":
		name, ok = n.kids[0].attribute()
		t.Op, t.Value = expr.KeyBeginsWith, n.kids[1].value
		ok = ok && !t.Value.IsZero()
		if n.kind == nodeBetween {
			t.Op, t.Upper = expr.KeyBetween, n.kids[2].value
			ok = ok && !t.Upper.IsZero()
		}
	}
	return name, t, ok
}

// keyOp returns the operator of a comparison, with its sides exchanged if they are.
func keyOp(operator string, mirrored bool) expr.KeyOp {
	if mirrored {
		operator = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]
	}
	return map[string]expr.KeyOp{
		"=": expr.KeyEqual, "<": expr.KeyLess, "<=": expr.KeyLessOrEqual, ">": expr.KeyGreater, ">=": expr.KeyGreaterOrEqual,
	}[operator]
}
