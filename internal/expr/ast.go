package expr

// ast is the tree of one expression. It depends on the source text alone and is
// immutable once parsed, so that requests share it. Nodes refer to each other,
// and to the path and value occurrences, by index: a whole tree is a handful of
// allocations.
type ast struct {
	kind   Kind
	src    string
	nodes  []node
	args   []int32  // operands of calls and of IN; a node has a run of them
	steps  []Step   // of all paths; a step named "#x" awaits its name
	paths  []span32 // runs of steps, one per occurrence of a path
	values []string // ":x", one per occurrence
	acts   []action // of an update expression, in source order
	root   int32    // of a condition
	names  bool     // whether steps holds placeholders

	// bound is the *Condition or *Projection itself, where the text has no
	// placeholders and thus nothing is left to bind.
	bound any
}

type span32 struct{ from, to int32 }

// op is what a node does.
type op uint8

const (
	opPath  op = iota // a: index into paths
	opValue           // a: index into values
	opCall            // fn; a, b: run of args
	opAdd             // a + b
	opSub             // a - b
	opEq              // a = b, and so on
	opNe
	opLt
	opLe
	opGt
	opGe
	opBetween // a BETWEEN b AND c
	opIn      // a; b, c: run of args
	opNot     // a
	opAnd     // a, b
	opOr      // a, b
)

// String returns the operator as the service writes it.
func (o op) String() string {
	names := [...]string{
		opAdd: "+", opSub: "-", opEq: "=", opNe: "<>", opLt: "<", opLe: "<=", opGt: ">", opGe: ">=",
		opBetween: "BETWEEN", opIn: "IN", opNot: "NOT", opAnd: "AND", opOr: "OR",
	}
	return names[o]
}

type node struct {
	op      op
	fn      function
	a, b, c int32
}

// isCondition reports whether the node is true or false of an item, rather than
// having a value.
func (n node) isCondition() bool {
	if n.op == opCall {
		return !functions[n.fn].update && n.fn != fnSize
	}
	return n.op >= opEq
}

// function is a function of the expression language.
type function uint8

const (
	fnUnknown function = iota
	fnAttributeExists
	fnAttributeNotExists
	fnAttributeType
	fnBeginsWith
	fnContains
	fnSize
	fnIfNotExists
	fnListAppend
)

// functions gives the case-sensitive name and the number of operands of each
// function, and whether it belongs to update expressions or to conditions.
var functions = [...]struct {
	name     string
	operands int
	update   bool
}{
	fnAttributeExists:    {"attribute_exists", 1, false},
	fnAttributeNotExists: {"attribute_not_exists", 1, false},
	fnAttributeType:      {"attribute_type", 2, false},
	fnBeginsWith:         {"begins_with", 2, false},
	fnContains:           {"contains", 2, false},
	fnSize:               {"size", 1, false},
	fnIfNotExists:        {"if_not_exists", 2, true},
	fnListAppend:         {"list_append", 2, true},
}

func functionNamed(name string) function {
	for f := fnAttributeExists; int(f) < len(functions); f++ {
		if functions[f].name == name {
			return f
		}
	}
	return fnUnknown
}

// String returns the name of the function.
func (f function) String() string { return functions[f].name }

// verb is a section of an update expression.
type verb uint8

const (
	verbSet verb = iota
	verbRemove
	verbAdd
	verbDelete
)

// String returns the keyword of the section.
func (v verb) String() string {
	return [...]string{"SET", "REMOVE", "ADD", "DELETE"}[v]
}

// action is one change that an update expression makes.
type action struct {
	verb   verb
	target int32 // index into paths
	value  int32 // index into nodes; unused by REMOVE
}
