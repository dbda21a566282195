package expr

import "github.com/levee-io/levee/internal/attr"

// binding is a tree with names and values in place of its placeholders.
type binding struct {
	tree   *ast
	params *Params // until it is bound
	steps  []Step
	values []attr.Value
}

// begin starts to bind tree. The buffers keep a small binding in the one
// allocation of its owner.
func (b *binding) begin(tree *ast, params *Params, steps []Step, values []attr.Value) {
	b.tree, b.params = tree, params
	b.steps = tree.steps
	if tree.names {
		b.steps = append(steps[:0], tree.steps...)
	}
	if n := len(tree.values); n <= cap(values) {
		b.values = values[:n]
	} else {
		b.values = make([]attr.Value, n)
	}
}

// bindNames resolves the names of a run of steps.
func (b *binding) bindNames(run span32) error {
	if !b.tree.names {
		return nil
	}
	for i := run.from; i < run.to; i++ {
		placeholder := b.tree.steps[i].Name
		if placeholder == "" || placeholder[0] != '#' {
			continue
		}
		name, ok := b.params.name(placeholder)
		if !ok {
			return invalid(b.tree.kind, textUndefinedName, placeholder)
		}
		b.steps[i].Name = name
	}
	return nil
}

// bindValue resolves one occurrence of a value, which may be there already.
func (b *binding) bindValue(i int32) error {
	if b.tree.kind == Statement {
		return nil
	}
	v, ok := b.params.value(b.tree.values[i])
	if !ok {
		return invalid(b.tree.kind, textUndefinedValue, b.tree.values[i])
	}
	b.values[i] = v
	return nil
}

// bindOperand resolves the names and values of an operand, left to right.
func (b *binding) bindOperand(i int32) error {
	n := b.tree.nodes[i]
	switch n.op {
	case opPath:
		return b.bindNames(b.tree.paths[n.a])
	case opValue:
		return b.bindValue(n.a)
	case opCall:
		for _, arg := range b.operands(n) {
			if err := b.bindOperand(arg); err != nil {
				return err
			}
		}
	}
	return nil
}

// operands returns the operands of a call.
func (b *binding) operands(call node) []int32 { return b.tree.args[call.a:call.b] }

// path returns the document path of an opPath node.
func (b *binding) path(n node) Path { return b.pathAt(n.a) }

func (b *binding) pathAt(i int32) Path {
	run := b.tree.paths[i]
	return b.steps[run.from:run.to:run.to]
}

// Paths returns the document paths that the expression names, in the order of
// its text. They are shared and must not be changed.
func (b *binding) Paths() []Path {
	paths := make([]Path, len(b.tree.paths))
	for i := range paths {
		paths[i] = b.pathAt(int32(i))
	}
	return paths
}

// names reports whether the expression names the attribute or something within
// it.
func (b *binding) names(attribute string) bool {
	for _, run := range b.tree.paths {
		if b.steps[run.from].Name == attribute {
			return true
		}
	}
	return false
}

// CheckScalar refuses document paths that lead into a key attribute, which can
// only be a scalar. label is "Key" for a key of the table and "IndexKey" for one
// of an index.
func (b *binding) CheckScalar(label, key string) error {
	for _, run := range b.tree.paths {
		if run.to > run.from+1 && b.steps[run.from].Name == key {
			return errorf(textKeyScalar, label, key)
		}
	}
	return nil
}
