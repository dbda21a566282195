package expr

import "github.com/levee-io/levee/internal/attr"

// builder makes the tree of an expression that has no text, with its values
// already in place. Names are those of attributes, whatever characters they have.
type builder struct {
	tree   ast
	values []attr.Value
}

// binding returns what was built.
func (b *builder) binding() binding {
	return binding{tree: &b.tree, steps: b.tree.steps, values: b.values}
}

func (b *builder) add(n node) int32 {
	b.tree.nodes = append(b.tree.nodes, n)
	return int32(len(b.tree.nodes) - 1)
}

// path adds the path of an attribute and returns its index.
func (b *builder) path(name string) int32 {
	at := int32(len(b.tree.steps))
	b.tree.steps = append(b.tree.steps, Step{Name: name, Index: -1})
	b.tree.paths = append(b.tree.paths, span32{at, at + 1})
	return int32(len(b.tree.paths) - 1)
}

func (b *builder) attribute(name string) int32 {
	return b.add(node{op: opPath, a: b.path(name)})
}

func (b *builder) value(v attr.Value) int32 {
	b.values = append(b.values, v)
	return b.add(node{op: opValue, a: int32(len(b.values) - 1)})
}

// run adds a list of operands.
func (b *builder) run(operands ...int32) span32 {
	from := int32(len(b.tree.args))
	b.tree.args = append(b.tree.args, operands...)
	return span32{from, int32(len(b.tree.args))}
}

func (b *builder) call(fn function, operands ...int32) int32 {
	run := b.run(operands...)
	return b.add(node{op: opCall, fn: fn, a: run.from, b: run.to})
}

// join combines conditions, of which there is at least one. The tree is as flat
// as can be: a request may have very many.
func (b *builder) join(o op, conditions []int32) int32 {
	if len(conditions) == 1 {
		return conditions[0]
	}
	half := len(conditions) / 2
	return b.add(node{op: o, a: b.join(o, conditions[:half]), b: b.join(o, conditions[half:])})
}
