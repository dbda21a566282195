package expr

import "github.com/levee-io/levee/internal/attr"

// Builder makes the conditions and updates of a PartiQL statement, whose language
// has a parser of its own (package partiql): one Builder for each of them. Operands
// and conditions are Nodes of the Builder that made them.
//
// Unlike an expression's, a condition may be an operand: then it is a boolean.
type Builder struct{ builder }

// Node is an operand or a condition of a Builder.
type Node int32

// NewBuilder returns a Builder.
func NewBuilder() *Builder {
	return &Builder{builder{tree: ast{kind: Statement}}}
}

// Path adds a document path.
func (b *Builder) Path(p Path) Node { return Node(b.add(node{op: opPath, a: b.document(p)})) }

// document adds a document path and returns its index.
func (b *builder) document(p Path) int32 {
	from := int32(len(b.tree.steps))
	b.tree.steps = append(b.tree.steps, p...)
	b.tree.paths = append(b.tree.paths, span32{from, int32(len(b.tree.steps))})
	return int32(len(b.tree.paths) - 1)
}

// Value adds a value.
func (b *Builder) Value(v attr.Value) Node { return Node(b.value(v)) }

// Compare adds a comparison by one of "=", "<>", "<", "<=", ">" and ">=".
func (b *Builder) Compare(operator string, x, y Node) Node {
	for o := opEq; o <= opGe; o++ {
		if o.String() == operator {
			return Node(b.add(node{op: o, a: int32(x), b: int32(y)}))
		}
	}
	panic("expr: no comparison " + operator)
}

// Between adds the condition that x is not below lower and not above upper.
func (b *Builder) Between(x, lower, upper Node) Node {
	return Node(b.add(node{op: opBetween, a: int32(x), b: int32(lower), c: int32(upper)}))
}

// In adds the condition that x equals one of a list.
func (b *Builder) In(x Node, list []Node) Node {
	run := b.run(indexes(list)...)
	return Node(b.add(node{op: opIn, a: int32(x), b: run.from, c: run.to}))
}

// Not adds the condition that another does not hold.
func (b *Builder) Not(x Node) Node { return Node(b.add(node{op: opNot, a: int32(x)})) }

// And adds the condition that both hold.
func (b *Builder) And(x, y Node) Node { return Node(b.add(node{op: opAnd, a: int32(x), b: int32(y)})) }

// Or adds the condition that one of two holds.
func (b *Builder) Or(x, y Node) Node { return Node(b.add(node{op: opOr, a: int32(x), b: int32(y)})) }

// Call adds a call of a function of conditions or, in an update, of list_append.
// There may be no function of that name.
func (b *Builder) Call(name string, operands []Node) (n Node, ok bool) {
	fn := functionNamed(name)
	if fn == fnUnknown {
		return 0, false
	}
	return Node(b.call(fn, indexes(operands)...)), true
}

// Exists adds the condition that there is the attribute.
func (b *Builder) Exists(attribute string) Node {
	return Node(b.call(fnAttributeExists, b.attribute(attribute)))
}

// Sum adds the sum of two operands of an update, or their difference.
func (b *Builder) Sum(minus bool, x, y Node) Node {
	o := opAdd
	if minus {
		o = opSub
	}
	return Node(b.add(node{op: o, a: int32(x), b: int32(y)}))
}

// Set has the update give the target a value.
func (b *Builder) Set(target Path, value Node) { b.act(verbSet, target, value) }

// Remove has the update take the target away.
func (b *Builder) Remove(target Path) { b.act(verbRemove, target, 0) }

// Include has the update put the elements of a set into the set at the target.
func (b *Builder) Include(target Path, set Node) { b.act(verbAdd, target, set) }

// Exclude has the update take the elements of a set from the set at the target.
func (b *Builder) Exclude(target Path, set Node) { b.act(verbDelete, target, set) }

func (b *Builder) act(v verb, target Path, value Node) {
	b.tree.acts = append(b.tree.acts, action{verb: v, target: b.document(target), value: int32(value)})
}

func indexes(nodes []Node) []int32 {
	list := make([]int32, len(nodes))
	for i, n := range nodes {
		list[i] = int32(n)
	}
	return list
}

// Condition returns the condition, checked like that of an expression. All errors
// are of type Error.
func (b *Builder) Condition(root Node) (*Condition, error) {
	b.tree.root = int32(root)
	c := &Condition{binding: b.binding()}
	return c, c.check(c.tree.root)
}

// Update returns the update, checked like that of an expression. All errors are of
// type Error.
func (b *Builder) Update() (*Update, error) {
	u := &Update{binding: b.binding()}
	if err := u.checkTargets(); err != nil {
		return nil, err
	}
	return u, u.check()
}

// NewColumns returns a projection that gives what each path leads to a name of its
// own, as SELECT does, instead of keeping its place in the item. Each name stands
// once.
func NewColumns(paths []Path, names []string) *Projection {
	b := builder{tree: ast{kind: Statement}}
	for _, p := range paths {
		b.document(p)
	}
	r := &Projection{binding: b.binding(), columns: names}
	r.sorted = sortPaths(r.Paths())
	return r
}

// column takes the columns of the item.
func (r *Projection) column(item attr.Map) attr.Map {
	taken := make([]attr.Attr, 0, len(r.columns))
	for i, name := range r.columns {
		if v, ok := r.pathAt(int32(i)).find(item); ok {
			taken = append(taken, attr.Attr{Name: name, Value: v})
		}
	}
	return attr.NewMap(taken)
}
